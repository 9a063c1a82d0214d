import { find } from "./element.ts";
import { say, timeInWords } from "./words.ts";

// The one main action: a button that begins, shows how far it is, and has Stop at its side meanwhile. It stays the same
// element all the time, so that the keyboard does not lose it.

/** The main action of the page. */
export interface Action {
  /** Whether there is something to begin. */
  allow(isAllowed: boolean): void;
  begin(): void;
  /** How far it is; what is told never falls. */
  show(fraction: number, text: string): void;
  /** Words alone. */
  say(text: string): void;
  /** What is left of the time, from how fast it went since the first call. */
  left(fraction: number): string | null;
  end(text: string): void;
}

/** Joins the elements to an action. `announce` is told at every quarter. */
export function action(announce: (text: string) => void): Action {
  const [frame, main, text] = [find("act"), find<HTMLButtonElement>("train"), find("train-text")];
  const [stop, progress] = [find<HTMLButtonElement>("stop"), find<HTMLProgressElement>("progress")];
  let done = 0;
  let quarter = 0;
  let since: { readonly at: number; readonly fraction: number } | null = null;
  return {
    allow(isAllowed) {
      main.ariaDisabled = isAllowed ? null : "true";
    },
    begin() {
      done = quarter = 0;
      since = null;
      frame.style.setProperty("--done", "0");
      progress.value = 0;
      frame.classList.add("busy");
      main.ariaDisabled = "true";
      stop.hidden = progress.hidden = false;
      stop.disabled = false;
      text.textContent = say("getting-ready");
      announce(say("getting-ready"));
    },
    show(fraction, words) {
      done = Math.max(done, fraction);
      frame.style.setProperty("--done", String(done));
      progress.value = done;
      text.textContent = words;
      const reached = Math.floor(done * 4);
      if (reached > quarter && reached < 4) announce(say("said-percent", { n: reached * 25 }));
      quarter = Math.max(quarter, reached);
    },
    say(words) {
      text.textContent = words;
    },
    left(fraction) {
      const now = performance.now();
      since ??= { at: now, fraction };
      const went = fraction - since.fraction;
      return went > 0.002 ? timeInWords(((now - since.at) / 1000 / went) * (1 - fraction)) : null;
    },
    end(words) {
      frame.classList.remove("busy");
      main.ariaDisabled = null;
      text.textContent = words;
      // A focused element that vanishes would leave the keyboard at the top of the page.
      if (document.activeElement === stop) main.focus();
      stop.hidden = progress.hidden = true;
    },
  };
}
