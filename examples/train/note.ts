import { find } from "./element.ts";
import { say, type Word } from "./words.ts";

/** Something to tell: what happened, what to do, and a button for it where there is one. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  readonly remedy?: { readonly word: Word; act(): void };
  /** A failure rather than something to know. */
  readonly bad?: boolean;
}

/** The strip above the main action that shows one notice at a time. */
export interface NoteStrip {
  show(notice: Notice): void;
  hide(): void;
}

/** Joins the strip's elements to a place for notices. */
export function noteStrip(announce: (text: string) => void): NoteStrip {
  const [strip, act] = [find("note"), find<HTMLButtonElement>("note-act")];
  const hide = (): void => {
    strip.hidden = true;
  };
  find("note-close").onclick = hide;
  return {
    hide,
    show({ title, text, remedy, bad = false }) {
      find("note-title").textContent = title;
      find("note-text").textContent = text;
      act.hidden = remedy === undefined;
      act.textContent = remedy ? say(remedy.word) : "";
      act.onclick = () => {
        hide();
        remedy?.act();
      };
      strip.classList.toggle("bad", bad);
      strip.hidden = false;
      announce(`${title} ${text}`);
    },
  };
}
