import type { Progress } from "@underdraw/engine";
import type { Stream } from "./command.ts";

// Shows where a command stands: a bar that is written over where a person looks on, a line for each new stage
// elsewhere. One bar stands for the whole command, and never goes back.

/** What shows progress. */
export interface ProgressBar {
  /** A listener for one part of the work, which takes the bar from `from` to `to`. */
  part(from: number, to: number): (progress: Progress) => void;
  /** Writes a line that stays. */
  line(text: string): void;
  /** Takes the bar away. Call it before anything else is written. */
  end(): void;
}

/** Makes the bar. Nothing is shown before the first progress comes. */
export function createProgressBar(stream: Stream): ProgressBar {
  return stream.isTTY ? writtenOver(stream) : inLines(stream);
}

/** The bar is drawn anew this often at most, in ms: a terminal over a network is slow. */
const pause = 50;

function writtenOver(stream: Stream): ProgressBar {
  let reached = 0;
  let shown = "";
  let at = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (shown !== "") stream.write("\r\u001b[K");
    shown = "";
  };
  return {
    part: (from, to) => (progress) => {
      reached = Math.max(reached, from + (to - from) * progress.fraction);
      const now = performance.now();
      if (now - at < pause && reached < 1) return;
      at = now;
      const columns = stream.columns ?? 80;
      const cells = Math.max(10, Math.min(30, columns - 50));
      const full = Math.round(cells * reached);
      const percent = `${Math.floor(100 * reached)}%`.padStart(4);
      const text = `${"█".repeat(full)}${"░".repeat(cells - full)} ${percent}  ${stageOf(progress)}`.slice(
        0,
        columns - 1,
      );
      if (text === shown) return;
      stream.write(`\r${text}\u001b[K`);
      shown = text;
    },
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    end: clear,
  };
}

function inLines(stream: Stream): ProgressBar {
  let reached = 0;
  let last = "";
  let told = -1;
  return {
    part: (from, to) => (progress) => {
      reached = Math.max(reached, from + (to - from) * progress.fraction);
      const tenth = Math.floor(10 * reached);
      if (progress.phase === last && tenth === told) return;
      last = progress.phase;
      told = tenth;
      stream.write(`${`${Math.floor(100 * reached)}%`.padStart(4)}  ${stageOf(progress)}\n`);
    },
    line: (text) => void stream.write(`${text}\n`),
    end: () => {},
  };
}

/** Bytes with their unit, in three digits from a kilobyte on. */
export function bytesInWords(bytes: number): string {
  for (const [size, unit] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(Math.max(3, Math.ceil(Math.log10(bytes / size))))} ${unit}`;
  }
  return `${bytes} B`;
}

function stageOf(progress: Progress): string {
  switch (progress.phase) {
    case "download": {
      const { file, loaded, total } = progress;
      return `reading ${file}${total === undefined ? "" : `, ${bytesInWords(loaded)} of ${bytesInWords(total)}`}`;
    }
    case "compile":
      return `loading ${progress.model}`;
    case "extract":
      return `looking for ${progress.condition}`;
    case "encode":
      return `reading the ${progress.what}`;
    case "denoise":
      return `drawing, step ${progress.step} of ${progress.steps}`;
    case "decode":
      return "finishing";
  }
}
