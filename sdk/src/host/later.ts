// Figma's sandbox and UXP have timers, and no library of types names them there.
declare function setTimeout(run: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** Runs something after `ms` milliseconds, unless the function that it gives back is called before. */
export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
