import { type CallOptions, tell, unlessAborted } from "../call.ts";
import { type HeldSource, held } from "../models/held.ts";
import type { ModelSource } from "../models/source.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Detector } from "./detector.ts";
import { type DetectorOptions, openDetector } from "./open.ts";

interface Kept {
  readonly source: ModelSource;
  readonly holding: HeldSource;
  readonly runtime: Runtime;
  readonly detector: Promise<Detector>;
}

/** The nets that an engine has open: one a name, loaded on first use and again where its file or the device changed. */
export class KeptDetectors {
  readonly #runtime: () => Promise<Runtime>;
  readonly #kept = new Map<string, Kept>();

  /** `runtime` gives the device of now, a new one after it was lost. */
  constructor(runtime: () => Promise<Runtime>) {
    this.#runtime = runtime;
  }

  /** The net of a name from this source. Whoever stops waits no longer; others may want what is being loaded. */
  async open(model: string, source: ModelSource, options: CallOptions & DetectorOptions): Promise<Detector> {
    const runtime = await unlessAborted(this.#runtime(), options.signal);
    const before = this.#kept.get(model);
    if (before?.source === source && before.runtime === runtime) return unlessAborted(before.detector, options.signal);
    tell(options, { phase: "compile", fraction: 0, model });
    // The same file is opened no second time for another device: not every place gives it twice.
    const holding = before?.source === source ? before.holding : held(source);
    const detector = openDetector(runtime, model, holding.source, options.sha256 ? { sha256: options.sha256 } : {});
    const kept: Kept = { source, holding, runtime, detector };
    this.#kept.set(model, kept);
    if (before) void free(before, before.holding !== holding);
    detector.catch(() => {
      if (this.#kept.get(model) !== kept) return;
      this.#kept.delete(model);
      holding.close();
    });
    return unlessAborted(detector, options.signal);
  }

  /** Frees all of them, after what was asked of them. */
  async dispose(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map((kept) => free(kept, true)));
  }
}

/** Frees a net; one that never opened, or whose device is lost, has nothing to free. */
async function free({ detector, holding }: Kept, close: boolean): Promise<void> {
  await detector.then((open) => open.release()).catch(() => undefined);
  if (close) holding.close();
}
