import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import { oneTile, type Tiles, vaeTilesFor } from "./diffusion/tiles.ts";
import { elements, isHalved, type RunMemory, type WeightBits } from "./graph/index.ts";
import { type ControlMemory, keptBytes, mostResiduals, type PictureExtent } from "./memory-controls.ts";
import { graphsToLoad, memoryOf, type PipelineGraphs, weightsIn } from "./memory-graphs.ts";
import { inWords, type Overhead, overheadOf } from "./memory-overhead.ts";
import type { BaseModel } from "./models/base.ts";
import type { NetModel } from "./models/net.ts";
import type { GenerateRequest } from "./request.ts";
import type { Runtime } from "./runtime/runtime.ts";

// What a generation takes of memory, counted from the shapes of its graphs before anything runs, and what is given up so
// that it fits: first parts that are not needed any more are freed, then the autoencoder works in tiles, then the parts
// are there one after the other. (Half precision is taken before all that, wherever the device has it.)

/** A part that is loaded and freed as a whole. */
export type PartName = "text encoder" | "UNet" | "nets" | "VAE encoder" | "VAE decoder" | "previews";

/** Parts of a generation's time. */
export type MemoryPhase = "text" | "picture" | "steps" | "decode";

/** What is given up for memory, one after the other: all, at first, stays loaded. */
export type MemoryThrift = "all" | "freed" | "tiled" | "sequential";

/** How the autoencoder codes the picture, each way. */
export interface VaeTiles {
  readonly decoder: Tiles;
  readonly encoder: Tiles;
}

/** What a generation takes, and how it is made to fit. */
export interface MemoryPlan {
  readonly thrift: MemoryThrift;
  /** Whether that is for want of memory. */
  readonly scarce: boolean;
  readonly tiles: VaeTiles;
  /** Bytes at the most. */
  readonly needed: number;
  /** Of them, those of weights. */
  readonly models: number;
  /** Bytes at the most by part of the time. */
  readonly phases: Readonly<Record<MemoryPhase, number>>;
  /** Bytes of weights by part, as they are there. */
  readonly parts: ReadonlyMap<PartName, number>;
  /** Bytes of the largest tensor. */
  readonly largest: number;
}

/** What there is, and what is wanted. */
export interface MemoryLimits {
  readonly runtime: Pick<Runtime, "memory" | "provider">;
  /** Bytes for everything; null where nobody tells. */
  readonly budget: number | null;
  readonly tiles?: GenerateRequest["tiles"];
}

const thrifts: readonly MemoryThrift[] = ["all", "freed", "tiled", "sequential"];

/** The parts that are there in a phase. */
export function partsIn(thrift: MemoryThrift, phase: MemoryPhase): ReadonlySet<PartName> {
  const own: Record<MemoryPhase, readonly PartName[]> = {
    text: ["text encoder"],
    picture: ["VAE encoder"],
    steps: ["UNet", "nets", "previews"],
    decode: ["VAE decoder"],
  };
  if (thrift === "all") return new Set(Object.values(own).flat());
  return new Set(thrift === "sequential" ? own[phase] : [...own.steps, ...own[phase]]);
}

/** Counts a generation, and gives up no more than it must so that it fits; what cannot fit has all given up. */
export function planMemory(
  graphs: PipelineGraphs,
  extent: PictureExtent & { readonly begins: boolean },
  controls: readonly ControlMemory[],
  limits: MemoryLimits,
): MemoryPlan {
  // Weights that are read where they lie are loaded again in no time: whoever wants them so wants the memory.
  const least = isHalved(graphs.unet.encoder) ? "freed" : "all";
  let plan = count(graphs, extent, controls, limits, least);
  for (const thrift of thrifts.slice(thrifts.indexOf(least))) {
    plan = { ...count(graphs, extent, controls, limits, thrift), scarce: thrift !== least };
    if (limits.budget === null || plan.needed <= limits.budget) break;
  }
  return plan;
}

function count(
  graphs: PipelineGraphs,
  extent: PictureExtent & { readonly begins: boolean },
  controls: readonly ControlMemory[],
  { runtime, budget, tiles: wanted = "auto" }: MemoryLimits,
  thrift: MemoryThrift,
): MemoryPlan {
  const { pixels, cells, guided, context, begins } = extent;
  const overhead = overheadOf(runtime.provider, graphs.precision);
  const parts = partWeights(graphs, overhead, begins);
  const batch = { batch: guided ? 2 : 1, ...cells, context };
  const [encoder, decoder] = [memoryOf(graphs.unet.encoder, batch), memoryOf(graphs.unet.decoder, batch)];
  const residuals = mostResiduals(controls);
  const acts = controls.some(({ active }) => active.some(Boolean));
  const nets = controls.map(({ run, residuals: own }) => roomOf(run) - own);
  const hints = Math.max(0, ...controls.map(({ hint }) => roomOf(hint)));
  const area = pixels.width * pixels.height;
  const kept = memoryOf(graphs.unet.kv, batch).outputs + keptBytes(controls);
  /** The caller's pictures in numbers, as they are read and drawn. */
  const pictures: Record<MemoryPhase, number> = { text: 0, picture: 32 * area, steps: 0, decode: 24 * area };

  const sums = (acts ? 2 : 1) * encoder.outputs;
  const unet = overhead.keepsRuns
    ? roomOf(encoder) + roomOf(decoder)
    : Math.max(roomOf(encoder), sums + roomOf(decoder));
  const runs = (tiles: VaeTiles): Map<PartName, number> =>
    new Map<PartName, number>([
      ["text encoder", roomOf(memoryOf(graphs.text, { batch: 1, height: 1, width: 1, context }))],
      ["UNet", unet],
      ["nets", controls.length === 0 ? 0 : residuals + Math.max(hints, ...nets)],
      ["VAE encoder", begins ? roomOf(memoryOf(graphs.vae.encoder, inPixels(tiles.encoder, graphs))) : 0],
      ["VAE decoder", roomOf(memoryOf(graphs.vae.decoder, { batch: 1, ...sidesOf(tiles.decoder) }))],
      ["previews", 0],
    ]);
  /** Bytes of a phase without what the runs of `but` take. */
  const bytesIn = (phase: MemoryPhase, tiles: VaeTiles, but?: PartName): { models: number; all: number } => {
    const there = partsIn(thrift, phase);
    const took = [...runs(tiles)].filter(([part]) => there.has(part) && part !== but);
    // A session keeps the room of its runs; or one room is there for whichever runs in this phase.
    const running = partsIn("sequential", phase);
    const room = overhead.keepsRuns
      ? took.reduce((sum, [, bytes]) => sum + bytes, 0)
      : took.filter(([part]) => running.has(part)).reduce((sum, [, bytes]) => sum + bytes, 0);
    const models = [...there].reduce((sum, part) => sum + (parts.get(part) ?? 0), 0);
    const own = pictures[phase] + (phase === "text" ? 0 : kept) + unreturned(parts, there, runtime);
    return { models, all: overhead.fixed + models + overhead.runs * room + own };
  };
  const whole = { decoder: oneTile(cells), encoder: oneTile(cells) };
  const isTiled = thrift === "tiled" || thrift === "sequential";
  const tilesOf = (half: "decoder" | "encoder"): Tiles => {
    const phase = half === "decoder" ? "decode" : "picture";
    // The largest tensor of an autoencoder is less than half of what its run makes at the most.
    const left = (rest: number): number =>
      Math.max(0, (rest - bytesIn(phase, whole, `VAE ${half}`).all) / (1.5 * overhead.runs));
    return vaeTilesFor(
      graphs.vae.config,
      cells,
      {
        precision: graphs.precision,
        memory: isTiled && budget !== null ? left(budget) : null,
        tensor: runtime.memory.tensor,
        tiles: wanted,
      },
      half,
    );
  };
  const tiles = { decoder: tilesOf("decoder"), encoder: tilesOf("encoder") };
  const names: readonly MemoryPhase[] = begins ? ["text", "picture", "steps", "decode"] : ["text", "steps", "decode"];
  const phases = Object.fromEntries(names.map((phase) => [phase, bytesIn(phase, tiles).all]));
  const worst = names.reduce((one, other) => ((phases[other] ?? 0) > (phases[one] ?? 0) ? other : one));
  return {
    thrift,
    scarce: false,
    tiles,
    needed: phases[worst] ?? 0,
    models: bytesIn(worst, tiles).models + overhead.fixed,
    phases: { picture: 0, ...phases } as Record<MemoryPhase, number>,
    parts,
    largest: Math.max(
      encoder.largest,
      decoder.largest,
      memoryOf(graphs.vae.decoder, { batch: 1, ...sidesOf(tiles.decoder) }).largest,
      begins ? memoryOf(graphs.vae.encoder, inPixels(tiles.encoder, graphs)).largest : 0,
      ...controls.flatMap(({ run, hint }) => [run.largest, hint.largest]),
    ),
  };
}

/** What a run takes at the most, with its largest tensor in two layouts for a moment. */
const roomOf = ({ peak, largest }: RunMemory): number => peak + largest;

/** Bytes of parts that are freed and that the process holds all the same. */
function unreturned(
  parts: MemoryPlan["parts"],
  there: ReadonlySet<PartName>,
  { memory: { returned = 1 } }: Pick<Runtime, "memory">,
): number {
  let held = 0;
  for (const [part, bytes] of parts) if (!there.has(part)) held += (1 - returned) * bytes;
  return held;
}

const sidesOf = ({ height, width }: Tiles) => ({ height, width });

function inPixels({ height, width }: Tiles, { vae }: PipelineGraphs) {
  const factor = vaeFactor(vae.config);
  return { batch: 1, height: height * factor, width: width * factor };
}

/** Bytes of weights by part, as they are there. */
function partWeights(graphs: PipelineGraphs, overhead: Overhead, begins: boolean): Map<PartName, number> {
  const nets = [...graphs.nets.values()].flatMap((net) => Object.values(net.graphs));
  const of: readonly (readonly [PartName, Parameters<typeof weightsIn>[0]])[] = [
    ["text encoder", [graphs.text]],
    ["UNet", Object.values(graphs.unet)],
    ["nets", nets],
    ["VAE decoder", [graphs.vae.decoder]],
    ["VAE encoder", begins ? [graphs.vae.encoder] : []],
    ["previews", graphs.previews ? [graphs.previews] : []],
  ];
  return new Map(
    of.map(([part, own]) => {
      const { stored, whole, lying } = weightsIn(own);
      return [part, lying + overhead.weights * (whole - overhead.saved * (whole - stored))];
    }),
  );
}

/** Parts and their bytes in words; those of nothing are left out. */
export const partsInWords = (parts: MemoryPlan["parts"]): string =>
  [...parts].flatMap(([part, bytes]) => (bytes > 0 ? [`${part} ${inWords(bytes)}`] : [])).join(", ");

/** What is to be loaded, and on what. */
export interface LoadingMemory {
  readonly runtime: Pick<Runtime, "memory" | "provider" | "precision">;
  readonly base: Pick<BaseModel, "name" | "text" | "unet" | "vae">;
  readonly nets: ReadonlyMap<string, { readonly model: Pick<NetModel, "config" | "tensors"> }>;
  /** In how many bits weights are asked to be stored: null for whole ones, "auto" where nothing is said. */
  readonly bits: WeightBits | null | "auto";
  /** Bytes that there are; what the runtime tells without it. */
  readonly memory: number | undefined;
}

/** How networks are loaded: now, or each by its first run, where they do not fit all at once; in how many bits. */
export interface LoadingPlan {
  readonly parked: boolean;
  readonly bits: WeightBits | null;
  /** Whether they are in fewer bits for want of memory. */
  readonly scarce: boolean;
}

/**
 * A UNet of more numbers is left in half precision where nothing is said: widening Stable Diffusion 1.5's on a CPU
 * costs 0.6 s a step, and loading it widened 23 s more (bench/README.md).
 */
const LARGE = 250e6;

/**
 * How networks are loaded so that they fit. Where whole weights do not, and all that is stored is in half precision, they
 * are read as they lie: the same numbers, only slower. Refuses models whose largest part does not fit alone:
 * `out-of-memory`, with the parts. Looks at nothing but their configs and the types of their tensors.
 */
export function planLoading(asked: LoadingMemory): LoadingPlan {
  const { runtime, memory } = asked;
  const budget = memory ?? runtime.memory.total;
  // WebGPU computes in half precision where it can, and has no way to read it where it cannot.
  const widens = runtime.provider !== "webgpu" && runtime.precision === "float32";
  const bits = widens ? bitsOnCpu(asked) : asked.bits === 16 || asked.bits === "auto" ? null : asked.bits;
  // What lies in files is opened in no time: each part when it runs, and not before.
  if (budget === null || budget === Number.POSITIVE_INFINITY) return { parked: bits === 16, bits, scarce: false };
  try {
    return { ...fitted({ ...asked, bits }, budget), bits, scarce: false };
  } catch (error) {
    if (bits !== null || !widens || !storesHalves(asked)) throw error;
    return { ...fitted({ ...asked, bits: 16 }, budget), bits: 16, scarce: true };
  }
}

/** In how many bits weights are stored on a CPU where there is room. */
function bitsOnCpu(asked: LoadingMemory): WeightBits | null {
  if (asked.bits !== "auto") return asked.bits;
  const { tensors } = asked.base.unet;
  const count = [...tensors.keys()].reduce((sum, key) => sum + elements(tensors.shape(key)), 0);
  return count > LARGE && storesHalves(asked) ? 16 : null;
}

/** Whether all that models hold is half precision; places of tokens, in whole numbers, are no weights. */
const storesHalves = ({ base, nets }: LoadingMemory): boolean =>
  [base.text, base.unet, base.vae, ...[...nets.values()].map(({ model }) => model)].every(({ tensors }) =>
    [...tensors.keys()].every((key) => /^(F16|[IU]\d+)$/.test(tensors.dtype(key))),
  );

function fitted(
  { runtime, base, nets, bits, memory }: LoadingMemory & { readonly bits: WeightBits | null },
  budget: number,
): Pick<LoadingPlan, "parked"> {
  const models = new Map([...nets].map(([name, { model }]) => [name, model]));
  const { precision } = runtime;
  const graphs = graphsToLoad(base, models, { precision, bits });
  const overhead = overheadOf(runtime.provider, precision);
  const parts = partWeights(graphs, overhead, false);
  const bytesOf = (names: Iterable<PartName>): number =>
    [...names].reduce((sum, part) => sum + (parts.get(part) ?? 0), overhead.fixed);
  const phases: readonly MemoryPhase[] = ["text", "steps", "decode"];
  const least = Math.max(
    ...phases.map((phase) => {
      const there = partsIn("sequential", phase);
      return bytesOf(there) + unreturned(parts, there, runtime);
    }),
  );
  if (least > budget) {
    const whence = memory === undefined ? "" : " by EngineOptions.memory";
    const half = runtime.provider === "webgpu" || precision === "float16" ? "" : `"half", `;
    const fewer = bits === null ? `, load it with weights ${half}"int8" or "int4"` : "";
    const narrow = precision === "float32" && runtime.provider === "webgpu" ? ", compute in half precision" : "";
    const message = `${base.name} needs ${inWords(least)} of memory for its weights alone (${partsInWords(parts)}), even with one part after the other, and there are ${inWords(budget)}${whence}. Nothing was loaded. Take a smaller model or fewer nets${fewer}${narrow}.`;
    throw new UnderdrawError("out-of-memory", message, { needed: least });
  }
  return { parked: bits === 16 || bytesOf(partsIn("all", "steps")) > budget };
}
