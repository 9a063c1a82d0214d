import type { Stream } from "./command.ts";

// Shows where a training stands: one line that is written over where a person looks on, a line for each tenth
// elsewhere. Its fraction never goes back.

/** What shows a training. */
export interface TrainingLine {
  /** Shows how far it is, 0 to 1, and what it does. */
  show(fraction: number, text: string): void;
  /** Writes a line that stays. */
  stays(text: string): void;
  /** Takes away what is written over. Call it before anything else is written. */
  end(): void;
}

/** The line is written anew this often at most, in ms. */
const pause = 50;

/** Makes the line. */
export function trainingLine(stream: Stream): TrainingLine {
  let [reached, tenth, shown, at] = [0, -1, "", Number.NEGATIVE_INFINITY];
  const percent = (fraction: number): string => {
    reached = Math.max(reached, fraction);
    return `${Math.floor(100 * reached)}%`.padStart(4);
  };
  const end = (): void => {
    if (shown !== "") stream.write("\r\u001b[K");
    shown = "";
  };
  return {
    show(fraction, text) {
      const told = `${percent(fraction)}  ${text}`;
      if (!stream.isTTY) {
        const now = Math.floor(10 * reached);
        if (now > tenth) stream.write(`${told}\n`);
        tenth = Math.max(tenth, now);
        return;
      }
      const now = performance.now();
      const line = told.slice(0, (stream.columns ?? 80) - 1);
      if (line === shown || now - at < pause) return;
      at = now;
      stream.write(`\r${line}\u001b[K`);
      shown = line;
    },
    stays(text) {
      end();
      stream.write(`${text}\n`);
    },
    end,
  };
}
