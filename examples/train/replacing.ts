import { find } from "./element.ts";
import { say } from "./words.ts";

/** What becomes of a training that is kept: another takes its place, or is not kept itself, or does not begin. */
export type Replacing = "replace" | "unkept" | "leave";

/** Asks before what another training learnt is erased. Escape leaves it. */
export function askToReplace({ name, step }: { readonly name: string; readonly step: number }): Promise<Replacing> {
  const dialog = find<HTMLDialogElement>("replacing");
  find("replacing-title").textContent = say("replacing", { name });
  find("replacing-text").textContent = say("replacing-why", { n: step });
  dialog.returnValue = "leave";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue as Replacing), { once: true });
  });
}
