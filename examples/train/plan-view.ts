import { find, make } from "./element.ts";
import type { Answer, TrainingChoice } from "./protocol.ts";
import { bytesInWords, say } from "./words.ts";

/** Whether there is room to keep a training; true where nobody tells. */
export const canKeep = ({ room, keeping }: Pick<Answer<"plan">, "room" | "keeping">): boolean =>
  room === null || room > 0 ? keeping === null || room === null || room >= keeping : false;

/** Shows what a training takes; null while it is found out. */
export function showPlan(plan: Answer<"plan"> | null, { mode }: Pick<TrainingChoice, "mode">): void {
  const [section, meter, facts] = [find("plan"), find("meter"), find("plan-facts")];
  section.hidden = false;
  section.ariaBusy = String(plan === null);
  if (!plan) {
    find("plan-memory").textContent = say("plan-opening");
    return;
  }
  const { bytes, weights, activations, samples, segments, available, base, room, keeping, trained, locked } = plan;
  const of = available ?? bytes;
  const work = activations + (samples ?? 0);
  meter.style.setProperty("--weights", String(Math.min(1, weights / of)));
  meter.style.setProperty("--activations", String(Math.min(1, work / of)));
  const values = {
    bytes: bytesInWords(bytes),
    weights: bytesInWords(weights),
    activations: bytesInWords(work),
    available: bytesInWords(of),
  };
  const words = say(available === null ? "plan-memory" : "plan-memory-of", values);
  meter.ariaLabel = words;
  const more = [
    ...(segments > 1 ? [say("plan-segments")] : []),
    ...(samples === null ? [say("plan-unseen")] : []),
  ].join(" ");
  find("plan-memory").textContent = more === "" ? words : `${words}. ${more}`;
  const kept =
    room === 0
      ? say("keeps-none")
      : !canKeep(plan)
        ? say("keeps-little", { bytes: bytesInWords(keeping ?? 0), room: bytesInWords(room ?? 0) })
        : keeping === null
          ? say("keeps-some")
          : say("keeps-about", { bytes: bytesInWords(keeping) });
  const row = (title: string, text: string, className = ""): HTMLElement =>
    make("div", { className }, make("dt", { textContent: title }), make("dd", { textContent: text }));
  facts.replaceChildren(
    row(say("learns"), say(`learns-${mode}`, { trained })),
    row(say("stays"), say(`stays-${mode}`, { base, locked })),
    row(say("keeps"), kept, canKeep(plan) ? "" : "warn"),
  );
}
