import { type CallOptions, tell } from "../call.ts";
import type { DownloadPlan } from "./model-store.ts";

/** How far a download's files are. */
export interface DownloadProgress {
  /** What hears of the bytes of one file, by its place in the plan. */
  file(n: number): (loaded: number, total: number | null) => void;
  /** Says that all of it is here. */
  end(): void;
}

/** Tells a download's listener of the bytes of all files together. What is begun anew is not counted back. */
export function progressOf({ files, bytes }: DownloadPlan, options: CallOptions): DownloadProgress {
  const loadedOf = files.map(() => 0);
  let loaded = 0;
  let fraction = 0;
  let last = files[0]?.path ?? "";
  return {
    file: (n) => (here, known) => {
      loadedOf[n] = Math.max(loadedOf[n] ?? 0, here);
      loaded = loadedOf.reduce((sum, of) => sum + of, 0);
      last = files[n]?.path ?? "";
      const whole = bytes ?? (files.length === 1 ? known : null);
      const total = whole !== null && whole >= loaded ? { total: whole } : {};
      // All of it is told only when it is on the list.
      if (whole !== null && whole > 0) fraction = Math.max(fraction, Math.min(loaded / whole, 0.999));
      tell(options, { phase: "download", fraction, file: last, loaded, ...total });
    },
    end: () => tell(options, { phase: "download", fraction: 1, file: last, loaded, total: loaded }),
  };
}
