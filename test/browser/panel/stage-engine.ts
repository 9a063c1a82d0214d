import {
  type CallOptions,
  type ControlFidelity,
  type Device,
  type EngineLike,
  type GenerateRequest,
  type GenerateResult,
  type Pipeline,
  recipeOf,
  recipePicture,
  type Warning,
} from "@underdraw/engine";
import type { Pixels } from "@underdraw/engine/core";
import type { Vocabulary } from "@underdraw/sdk/panel";

// An engine for the panel's tests, in Node and in Chromium: its maps are real, its pictures are given, and when it draws
// them is in the test's hands. It takes no time of its own.

/** What a stage engine does, in the test's hands. */
export interface StageEngine extends EngineLike {
  /** The requests so far. */
  readonly asked: GenerateRequest[];
  /** The conditions of the maps so far. */
  readonly drawn: string[];
  /** Holds each generation at a step until it is given again without one. */
  pauseAt(step: number | null): void;
  /** What the next generation rejects with. */
  failWith(error: unknown): void;
  /** What every result warns of from now on. */
  warn(warnings: readonly Warning[]): void;
  /** What is measured of each control of the next pictures. */
  measure(fidelity: readonly (ControlFidelity | null)[]): void;
}

/** How a stage engine is made. */
export interface StageEngineOptions {
  /** The pictures that it draws, one after another. */
  readonly pictures?: readonly Pixels[];
  readonly device?: Partial<Device>;
  /** True for an engine that costs this thread nothing, as one in a worker: plain maps, and no recipes. */
  readonly elsewhere?: boolean;
}

const steps = 20;

/** A picture of one colour. */
export function plain(width: number, height: number, colour: readonly [number, number, number, number]): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set(colour, at);
  return { width, height, data };
}

/** Makes a stage engine. */
export function stageEngine({ pictures = [], device = {}, elsewhere = false }: StageEngineOptions = {}): StageEngine {
  const asked: GenerateRequest[] = [];
  const drawn: string[] = [];
  let pause: number | null = null;
  let resume: (() => void) | null = null;
  let failure: { readonly error: unknown } | null = null;
  let warnings: readonly Warning[] = [];
  let fidelity: readonly (ControlFidelity | null)[] = [];

  const held = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      resume = resolve;
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });

  async function generate(request: GenerateRequest, options: CallOptions = {}): Promise<GenerateResult> {
    const { signal, onProgress } = options;
    const at = asked.push(request) - 1;
    if (failure) {
      const { error } = failure;
      failure = null;
      throw error;
    }
    for (let step = 1; step <= steps; step++) {
      await new Promise((done) => setTimeout(done));
      signal?.throwIfAborted();
      onProgress?.({ phase: "denoise", fraction: step / (steps + 1), step, steps });
      if (step === pause) await held(signal);
    }
    const width = request.width ?? 256;
    const height = request.height ?? 256;
    const given = pictures[at % Math.max(1, pictures.length)];
    const drawn =
      given && given.width === width && given.height === height ? given : plain(width, height, [230, 120, 40, 255]);
    return {
      pixels: { ...drawn, data: drawn.data.slice() },
      seed: BigInt(request.seed ?? 4128 + at),
      steps: request.steps ?? steps,
      guidance: request.guidance ?? 3,
      scheduler: "EulerDiscreteScheduler",
      activeSteps: request.controls.map(() => Array.from({ length: steps }, (_, step) => step)),
      fidelity: request.controls.map((_, n) => fidelity[n] ?? null),
      reused: { text: [], maps: [], steps: 0, picture: false },
      warnings,
    };
  }

  const pipeline: Pipeline = {
    name: "Stage model",
    nets: ["lines"],
    defaults: { width: 256, height: 256, steps, guidance: 3, halves: [1, 1], multiple: 16 },
    generate,
    async recipe(request, result) {
      if (elsewhere) throw new Error("No recipe is made here.");
      const controls = await Promise.all(
        request.controls.map(async ({ map, mask }) => ({
          net: { name: "lines", fingerprint: "1".repeat(64) },
          ...(await recipePicture(map.pixels)),
          ...(mask && { mask: await recipePicture(mask) }),
        })),
      );
      const model = { name: "Stage model", fingerprint: "0".repeat(64) };
      return recipeOf(request, result as GenerateResult, {
        model,
        controls,
        device: { provider: "webgpu", precision: "float16" },
      });
    },
    fingerprints: async () => ({
      base: "0".repeat(64),
      nets: { lines: "1".repeat(64) },
      ...{ vae: null, loras: [], embeddings: {} },
    }),
    countTokens: async (prompt) => {
      const used = prompt.split(/\s+/).filter((word) => word !== "").length;
      return { used, limit: 30, cut: "", chunks: [{ start: 0, end: prompt.length, used }] };
    },
    runs: () => ({}),
    dispose: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };

  return {
    asked,
    drawn,
    pauseAt(step) {
      pause = step;
      resume?.();
    },
    failWith(error) {
      failure = { error };
    },
    warn(next) {
      warnings = next;
    },
    measure(next) {
      fidelity = next;
    },
    device: async () => ({ provider: "webgpu", precision: "float16", about: "Stage", fallback: null, ...device }),
    async extract(condition, source, options = {}) {
      const notes: Warning[] = [];
      const pixels = elsewhere
        ? plain(source.width, source.height, [0, 0, 0, 255])
        : await condition.extract(source, {
            ...options,
            note: (warning) => notes.push(warning),
            run: () => Promise.reject(new Error("The stage has no extractor models.")),
          });
      const { id, nets, convention } = condition;
      drawn.push(id);
      const map = { condition: id, pixels, nets, background: convention.background };
      return notes.length > 0 ? { ...map, warnings: notes } : map;
    },
    load: async () => pipeline,
    dispose: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Words for suggestions. */
export const vocabulary: Vocabulary = {
  model: { name: "Pocket model", about: "icons and emoji" },
  phrases: [
    "{style} of {colour} {subject}",
    "{style} of {colour} {subject} on a {ground} background",
    "{style} of {subject}",
    "{subject}",
  ],
  styles: ["3d render emoji", "flat emoji", "shaded emoji"],
  favourites: ["cat face", "house with garden", "mushroom"],
  subjects: ["cat", "cat face", "fish", "house", "house with garden", "mushroom", "red apple"],
  synonyms: { cat: ["kitty", "kitten"] },
  colours: ["blue", "gray", "light blue", "orange", "red", "white"],
  grounds: ["blue", "gray", "light blue", "orange"],
};
