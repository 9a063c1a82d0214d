import {
  type CallOptions,
  createPixels,
  type Device,
  type EngineLike,
  type GenerateRequest,
  type GenerateResult,
  type LoadRequest,
  type Pipeline,
  type RecipeParts,
  recipeOf,
  recipePicture,
  UnderdrawError,
} from "@underdraw/engine";

/** What a still engine is to be like. Everything in it may be changed while it lives. */
export interface Still {
  nets: readonly string[];
  canvas: number;
  multiple: number;
  device: Pick<Device, "provider" | "precision">;
  /** A digit: the fingerprint of base and nets is made of it. */
  print: string;
  /** That of the nets alone, where it is another. */
  netPrint: string | null;
  /** What the model was loaded with besides, and what it predicts. */
  added: Pick<RecipeParts, "vae" | "loras" | "embeddings" | "weights" | "prediction">;
  /** What each step of a drawing waits for. */
  step: (n: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * An engine without networks, for tests of what goes on around one: it draws the first map with the seed's tint, keeps
 * time by `step`, and says what it was asked for.
 */
export function stillEngine(wanted: Partial<Still> = {}) {
  const still: Still = {
    nets: ["lines"],
    canvas: 256,
    multiple: 16,
    device: { provider: "cpu", precision: "float32" },
    print: "a",
    netPrint: null,
    added: {},
    step: async () => {},
    ...wanted,
  };
  const asked = {
    loads: [] as LoadRequest[],
    requests: [] as GenerateRequest[],
    disposed: 0,
    extracted: [] as string[],
  };
  const print = () => still.print.repeat(64);
  const netPrint = () => (still.netPrint ?? still.print).repeat(64);

  const engine: EngineLike = {
    device: async () => ({ ...still.device, about: "still", fallback: null }),
    async extract(condition, source, options = {}) {
      asked.extracted.push(`${condition.id} ${source.width}x${source.height}`);
      options.onProgress?.({ phase: "extract", fraction: 0.5, condition: condition.id });
      const pixels = await condition.extract(source, { ...options, run: () => Promise.reject(new Error("no models")) });
      return { condition: condition.id, pixels, nets: condition.nets, background: condition.convention.background };
    },
    async load(request = {}, options = {}) {
      options.signal?.throwIfAborted();
      asked.loads.push(request);
      const nets = (request.nets ?? []) as readonly string[];
      const absent = nets.find((name) => !still.nets.includes(name));
      if (absent !== undefined) {
        const id = `pack/controlnet/${absent}`;
        throw new UnderdrawError("model-unknown", `"${id}" is no ControlNet.`, { id, known: [] });
      }
      options.onProgress?.({ phase: "compile", fraction: 1, model: "unet" });
      return pipelineOf(nets);
    },
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };

  const pipelineOf = (nets: readonly string[]): Pipeline => ({
    name: "still life",
    nets,
    defaults: {
      width: still.canvas,
      height: still.canvas,
      steps: 4,
      guidance: 3,
      halves: [1, 1],
      multiple: still.multiple,
    },
    async generate(request, options: CallOptions = {}): Promise<GenerateResult> {
      asked.requests.push(request);
      const { width = 1, height = 1, seed = 5, steps = 4 } = request;
      const pixels = createPixels(width, height);
      const map = request.controls[0]?.map.pixels;
      for (let i = 0; i < pixels.data.length; i += 4)
        pixels.data.set([map?.data[i] ?? 0, Number(seed) % 256, (i / 4) % 251, 255], i);
      for (let step = 1; step <= steps; step++) {
        await still.step(step, options.signal);
        options.signal?.throwIfAborted();
        const preview = async () => pixels;
        options.onProgress?.({ phase: "denoise", fraction: step / steps, step, steps, preview });
      }
      options.onProgress?.({ phase: "decode", fraction: 1 });
      const warnings = [{ code: "map-resized", message: "Resized." }];
      return {
        pixels,
        seed: BigInt(seed),
        steps,
        guidance: 3,
        scheduler: "Still",
        activeSteps: [],
        fidelity: [],
        reused: { text: [], maps: [], steps: 0, picture: false },
        warnings,
      };
    },
    async recipe(request, result) {
      const controls = [];
      for (const { map, mask, net = "" } of request.controls)
        controls.push({
          net: { name: net, fingerprint: netPrint() },
          ...(await recipePicture(map.pixels)),
          ...(mask && { mask: await recipePicture(mask) }),
        });
      const { init } = request;
      const begin = init && {
        picture: await recipePicture(init.picture),
        ...(init.mask && { mask: await recipePicture(init.mask) }),
      };
      return recipeOf(request, result as GenerateResult, {
        model: { name: "still life", fingerprint: print() },
        ...still.added,
        controls,
        ...(begin && { init: begin }),
        device: still.device,
      });
    },
    fingerprints: async () => ({
      base: print(),
      nets: Object.fromEntries(nets.map((name) => [name, netPrint()])),
      vae: still.added.vae?.fingerprint ?? null,
      loras: (still.added.loras ?? []).map(({ fingerprint }) => fingerprint),
      embeddings: Object.fromEntries((still.added.embeddings ?? []).map((one) => [one.word, one.fingerprint])),
    }),
    countTokens: async () => ({ used: 1, limit: 75, cut: "", chunks: [{ start: 0, end: 1, used: 1 }] }),
    runs: () => ({}),
    async dispose() {
      asked.disposed++;
    },
    async [Symbol.asyncDispose]() {},
  });

  return { engine, still, asked };
}
