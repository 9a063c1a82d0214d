import { UnderdrawError } from "@underdraw/engine/core";
import { say } from "./words.ts";

/** What a person may do about a note with one press. */
export type Remedy = "again" | "processor" | "reload";

/** Something to tell: what happened, what to do, and a button for it where there is one. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  readonly remedy?: Remedy;
  /** A failure rather than something to know. */
  readonly bad?: boolean;
}

/** Failures of the graphics card that the processor has not. */
const ofTheCard: readonly string[] = [
  "webgpu-unavailable",
  "feature-missing",
  "device-lost",
  "out-of-memory",
  "result-not-finite",
];

/** What to tell about an error. `onCard` says whether the graphics card was at work. */
export function noticeOf(error: unknown, onCard: boolean): Notice {
  if (UnderdrawError.is(error, "worker-crashed")) {
    return error.details.again
      ? { title: say("crashed-twice"), text: say("crashed-twice-remedy"), remedy: "reload", bad: true }
      : { title: say("crashed"), text: say("crashed-remedy"), remedy: "again", bad: true };
  }
  const text = error instanceof Error ? error.message : String(error);
  const card = onCard && UnderdrawError.is(error) && ofTheCard.includes(error.code);
  return { title: say("failed"), text, remedy: card ? "processor" : "again", bad: true };
}

/** The strip above the prompt that shows one notice at a time. */
export interface NoteStrip {
  show(notice: Notice): void;
  hide(): void;
}

/** Joins the strip's elements to a place for notices. What a person chooses to do goes to `onRemedy`. */
export function noteStrip(
  elements: {
    strip: HTMLElement;
    title: HTMLElement;
    text: HTMLElement;
    act: HTMLButtonElement;
    close: HTMLButtonElement;
  },
  announce: (text: string) => void,
  onRemedy: (remedy: Remedy) => void,
): NoteStrip {
  const { strip, title, text, act, close } = elements;
  let remedy: Remedy | undefined;
  const hide = (): void => {
    strip.hidden = true;
  };
  close.onclick = hide;
  act.onclick = () => {
    hide();
    if (remedy) onRemedy(remedy);
  };
  return {
    hide,
    show(notice) {
      remedy = notice.remedy;
      title.textContent = notice.title;
      text.textContent = notice.text;
      act.hidden = remedy === undefined;
      act.textContent = remedy ? say(remedy) : "";
      strip.classList.toggle("bad", notice.bad === true);
      strip.hidden = false;
      announce(`${notice.title} ${notice.text}`);
    },
  };
}
