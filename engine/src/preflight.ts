import type { LoadedNet } from "./controlnet/net.ts";
import { strengths } from "./controlnet/strength.ts";
import { contentKey } from "./core/content-key.ts";
import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import type { DrawnSize } from "./drawn-size.ts";
import { type Graph, type RunExtent, type RunMemory, residualLevels, runMemory, weightBytes } from "./graph/index.ts";
import type { Control, GenerateRequest } from "./request.ts";
import type { Runtime } from "./runtime/runtime.ts";

// Whether a request can fit, looked at before anything runs. What it would take is added up from the exact shapes of the
// graphs; what a provider takes besides is not known, so that the sum is an estimate from below: what is refused here
// could not have been drawn, and what passes may still run out of memory.

/** The most controls of one request: above it nobody could say any more what each of them does. */
const mostControls = 32;

/** What a generation has to fit on. */
interface PreflightParts {
  readonly runtime: Pick<Runtime, "memory">;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
  /** Bytes that there are; what the runtime tells without it. */
  readonly memory: number | undefined;
  netFor(control: Control): string;
}

/** What of a request its size depends on. */
interface PreflightRun {
  readonly size: DrawnSize;
  /** Steps that are executed. */
  readonly steps: number;
  readonly guided: boolean;
}

/** What one control takes. What has the same key is there once, however many controls share it. */
interface ControlMemory {
  readonly kept: readonly { readonly key: string; readonly bytes: number }[];
  readonly residuals: number;
  /** Whether it acts, by step. */
  readonly active: readonly boolean[];
  readonly run: RunMemory;
}

/**
 * Refuses what cannot fit: `request-invalid` for too many controls, `out-of-memory` for what needs more than there is or a
 * tensor that is larger than the device allows, with the sums.
 */
export function preflight(parts: PreflightParts, request: GenerateRequest, run: PreflightRun): void {
  const { total: there, tensor: largest } = parts.runtime.memory;
  const budget = parts.memory ?? there;
  const { drawn } = run.size;
  const picture = pictureMemory(parts, run);
  const controls = request.controls.map((control) => controlMemory(parts, control, run));
  const need = (count: number): number => pictureAnd(picture, controls.slice(0, count));
  const [whole, bare] = [need(controls.length), need(0)];
  let fitting = Math.min(controls.length, mostControls);
  if (budget !== null) while (fitting > 0 && need(fitting) > budget) fitting--;
  const sums = `${inWords(whole)} of memory: ${inWords(picture.weights)} for the models, ${inWords(bare - picture.weights)} for the picture of ${drawn.width}x${drawn.height}, ${inWords(whole - bare)} for the controls`;

  if (controls.length > mostControls) {
    const fit = budget === null || budget >= bare ? `, of which ${fitting} fit` : "";
    const message = `${controls.length} controls are too many: one picture takes ${mostControls} at the most. They would need ${sums}${fit}. Leave some out, or draw maps that one net reads into one map.`;
    throw new UnderdrawError("request-invalid", message, { issues: [{ path: "controls", message }] });
  }
  if (budget !== null && whole > budget) {
    const found = `This needs ${sums}. There are ${inWords(budget)}${parts.memory === undefined ? "" : " by EngineOptions.memory"}`;
    const advice =
      bare > budget
        ? "too little even without controls. Ask for a smaller picture and enlarge it afterwards, or take a smaller model"
        : `in which ${fitting} of ${controls.length} controls fit. Leave some out, or ask for a smaller picture`;
    throw new UnderdrawError("out-of-memory", `${found}, ${advice}.`, { needed: whole });
  }
  const most = Math.max(picture.largest, ...controls.map((control) => control.run.largest));
  if (largest !== null && most > largest) {
    const message = `A picture of ${drawn.width}x${drawn.height} needs a tensor of ${inWords(most)}, and this device allows ${inWords(largest)}. Ask for a smaller picture and enlarge it afterwards.`;
    throw new UnderdrawError("out-of-memory", message, { needed: most });
  }
}

/** What was found of a graph: the same for every generation of a size. */
const found = new WeakMap<Graph, { readonly weights: number; readonly runs: Map<string, RunMemory> }>();

function foundOf(graph: Graph) {
  const known = found.get(graph) ?? { weights: weightBytes(graph), runs: new Map() };
  found.set(graph, known);
  return known;
}

const weightsOf = (graph: Graph): number => foundOf(graph).weights;

function memoryOf(graph: Graph, extent: RunExtent): RunMemory {
  const { runs } = foundOf(graph);
  const key = `${extent.batch} ${extent.height} ${extent.width}`;
  const known = runs.get(key) ?? runMemory(graph, extent);
  runs.set(key, known);
  return known;
}

/** What a picture takes without controls. */
interface PictureMemory {
  readonly weights: number;
  readonly text: number;
  readonly encoder: RunMemory;
  readonly decoder: RunMemory;
  readonly vae: RunMemory;
  readonly largest: number;
}

function pictureMemory({ base, nets }: PreflightParts, { size, guided }: PreflightRun): PictureMemory {
  const factor = vaeFactor(base.vae.config);
  const [height, width] = [size.drawn.height / factor, size.drawn.width / factor];
  const extent = { batch: guided ? 2 : 1, height, width, context: base.text.length };
  const { pieces } = base.unet;
  const [encoder, decoder] = [memoryOf(pieces.encoder.graph, extent), memoryOf(pieces.decoder.graph, extent)];
  const vae = memoryOf(base.vae.decoder.graph, { batch: 1, height, width });
  const loaded = [...base.networks().values(), ...[...nets.values()].flatMap((net) => Object.values(net.pieces))];
  return {
    weights: loaded.reduce((sum, { graph }) => sum + weightsOf(graph), 0),
    text: memoryOf(pieces.kv.graph, extent).outputs,
    encoder,
    decoder,
    vae,
    largest: Math.max(encoder.largest, decoder.largest, vae.largest),
  };
}

const nothing: RunMemory = { outputs: 0, peak: 0, largest: 0 };

function controlMemory(parts: PreflightParts, control: Control, asked: PreflightRun): ControlMemory {
  const name = parts.netFor(control);
  const net = parts.nets.get(name);
  if (!net) throw new RangeError(`The net "${name}" is not loaded.`);
  const { steps, guided } = asked;
  const { globalPool } = net.config;
  const each = strengths(control, { levels: residualLevels(net.config), steps, guided, globalPool });
  const active = each.map((strength) => strength !== null);
  const { drawn } = asked.size;
  const { map, mask } = control;
  // The caller's copy of a picture, and the one of the size that is drawn.
  const pictures = [map.pixels, ...(mask ? [mask] : [])].map(
    ({ data }) => data.byteLength + 4 * drawn.width * drawn.height,
  );
  const own = { key: "", bytes: pictures.reduce((sum, bytes) => sum + bytes, 0) };
  if (!active.some(Boolean)) return { kept: [own], residuals: 0, active, run: nothing };
  const factor = vaeFactor(parts.base.vae.config);
  const halves = (["conditional", "unconditional"] as const).filter((half) => each.some((at) => at?.[half]));
  const context = parts.base.text.length;
  const extent = { batch: halves.length, height: drawn.height / factor, width: drawn.width / factor, context };
  const { hint, kv, control: piece } = net.pieces;
  const run = memoryOf(piece.graph, extent);
  const mapKey = `${map.pixels.width}x${map.pixels.height} ${contentKey(map.pixels.data)}`;
  return {
    kept: [
      own,
      { key: `features ${name} ${mapKey}`, bytes: memoryOf(hint.graph, { batch: 1, ...drawn }).outputs },
      { key: `text ${name} ${halves.join(" ")}`, bytes: memoryOf(kv.graph, extent).outputs },
    ],
    residuals: run.outputs,
    active,
    run,
  };
}

/** The most that is there at once: in the step in which most controls act, or while the picture is decoded. */
function pictureAnd(picture: PictureMemory, controls: readonly ControlMemory[]): number {
  const { weights, text, encoder, decoder, vae } = picture;
  const shared = new Map<string, number>();
  let kept = weights + text;
  for (const { key, bytes } of controls.flatMap((control) => control.kept))
    if (key === "") kept += bytes;
    else shared.set(key, bytes);
  for (const bytes of shared.values()) kept += bytes;
  const steps = Math.max(1, ...controls.map(({ active }) => active.length));
  let step = 0;
  for (let i = 0; i < steps; i++) {
    const acting = controls.filter(({ active }) => active[i]);
    const residuals = acting.reduce((sum, control) => sum + control.residuals, 0);
    // A net's own residuals are what its run ends with.
    const nets = Math.max(0, ...acting.map(({ run, residuals }) => run.peak - residuals));
    const sums = (acting.length > 0 ? 2 : 1) * encoder.outputs;
    step = Math.max(step, residuals + Math.max(nets, encoder.peak, sums + decoder.peak));
  }
  return kept + Math.max(step, vae.peak);
}

const inWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
