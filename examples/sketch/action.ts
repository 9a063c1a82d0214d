import type { Progress } from "@underdraw/engine";
import { say } from "./words.ts";

// The one main action: a button that starts, shows how far it is, and has Stop at its side meanwhile. It stays the same
// element all the time, so that the keyboard does not lose it.

/** The elements of the main action. */
export interface ActionElements {
  readonly frame: HTMLElement;
  readonly main: HTMLButtonElement;
  readonly text: HTMLElement;
  readonly more: HTMLButtonElement;
  readonly stop: HTMLButtonElement;
  readonly progress: HTMLProgressElement;
}

/** The main action of the page. */
export interface Action {
  begin(): void;
  /** Shows how far the work is; `from` and `to` are the part of the whole that this call is. */
  show(progress: Progress, from: number, to: number): void;
  end(): void;
}

/** Joins the elements to an action. `announce` is told at every quarter. */
export function action(elements: ActionElements, announce: (text: string) => void): Action {
  const { frame, main, text, more, stop, progress } = elements;
  let done = 0;
  let quarter = 0;
  let firstStepAt = 0;

  function set(fraction: number): void {
    done = Math.max(done, fraction);
    frame.style.setProperty("--done", String(done));
    progress.value = done;
    const reached = Math.floor(done * 4);
    if (reached > quarter && reached < 4) announce(say("said-percent", { n: reached * 25 }));
    quarter = Math.max(quarter, reached);
  }

  function wording(progress: Progress): string {
    const { phase, fraction } = progress;
    if (phase === "download" || phase === "compile") return say(`phase-${phase}`, { n: Math.round(fraction * 100) });
    if (phase === "decode") return say("phase-decode");
    if (phase !== "denoise") return say("phase-encode");
    const { step, steps } = progress;
    const now = performance.now();
    // The first step has no step before it to measure by.
    if (step === 1) firstStepAt = now;
    const left = step > 1 ? Math.ceil(((now - firstStepAt) / (step - 1) / 1000) * (steps - step)) : 0;
    return left > 0 ? say("phase-denoise-left", { step, steps, n: left }) : say("phase-denoise", { step, steps });
  }

  return {
    begin() {
      done = quarter = 0;
      frame.style.setProperty("--done", "0");
      progress.value = 0;
      frame.classList.add("busy");
      main.ariaDisabled = "true";
      text.textContent = say("starting");
      if (document.activeElement === more) main.focus();
      more.hidden = true;
      stop.hidden = progress.hidden = false;
      announce(say("starting"));
    },
    show(progress, from, to) {
      set(from + (to - from) * progress.fraction);
      text.textContent = wording(progress);
    },
    end() {
      frame.classList.remove("busy");
      main.ariaDisabled = null;
      text.textContent = say("generate");
      // A focused element that vanishes would leave the keyboard at the top of the page.
      if (document.activeElement === stop) main.focus();
      stop.hidden = progress.hidden = true;
      more.hidden = false;
    },
  };
}
