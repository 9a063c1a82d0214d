import { find } from "./element.ts";
import { say } from "./words.ts";

/** What becomes of a training that is kept: another takes its place, or is not kept itself, or does not begin. */
export type Replacing = "replace" | "unkept" | "leave";

/** Asks before what another training learnt is erased. Escape leaves it. */
export function askToReplace({ name, step }: { readonly name: string; readonly step: number }): Promise<Replacing> {
  const dialog = find<HTMLDialogElement>("replacing");
  find("replacing-title").textContent = say("replacing", { name });
  find("replacing-text").textContent = say("replacing-why", { n: step });
  dialog.showModal();
  return new Promise((resolve) => {
    // Closed by Escape, a dialog has no answer at all in some browsers.
    const answer = ({ returnValue }: HTMLDialogElement): Replacing =>
      returnValue === "replace" || returnValue === "unkept" ? returnValue : "leave";
    dialog.addEventListener("close", () => resolve(answer(dialog)), { once: true });
  });
}
