import { strengths } from "./controlnet/strength.ts";
import { contentKey } from "./core/content-key.ts";
import { type RunMemory, residualLevels } from "./graph/index.ts";
import { memoryOf, type PipelineGraphs } from "./memory-graphs.ts";
import type { Control } from "./request.ts";

// What controls take of memory besides their nets' weights.

/** What one control takes. What has the same key is there once, however many controls share it. */
export interface ControlMemory {
  /** The name of its net. */
  readonly net: string;
  readonly kept: readonly { readonly key: string; readonly bytes: number }[];
  readonly residuals: number;
  /** Whether it acts, by step. */
  readonly active: readonly boolean[];
  readonly run: RunMemory;
  /** The run that finds the features of its map. */
  readonly hint: RunMemory;
}

/** The sides of a picture, in pixels and in latent cells, and what a step reads. */
export interface PictureExtent {
  readonly pixels: { readonly width: number; readonly height: number };
  readonly cells: { readonly width: number; readonly height: number };
  /** Steps that are executed. */
  readonly steps: number;
  readonly guided: boolean;
  /** Tokens that cross-attention reads. */
  readonly context: number;
}

const nothing: RunMemory = { outputs: 0, peak: 0, largest: 0 };

/** What a control takes; `name` is its net's. */
export function controlMemory(
  { nets }: PipelineGraphs,
  control: Control,
  name: string,
  { pixels, cells, steps, guided, context }: PictureExtent,
): ControlMemory {
  const net = nets.get(name);
  if (!net) throw new RangeError(`The net "${name}" is not loaded.`);
  const { globalPool } = net.config;
  const each = strengths(control, { levels: residualLevels(net.config), steps, guided, globalPool });
  const active = each.map((strength) => strength !== null);
  const { map, mask } = control;
  // The caller's copy of a picture, and the one of the size that is drawn.
  const pictures = [map.pixels, ...(mask ? [mask] : [])].map(
    ({ data }) => data.byteLength + 4 * pixels.width * pixels.height,
  );
  const own = { key: "", bytes: pictures.reduce((sum, bytes) => sum + bytes, 0) };
  if (!active.some(Boolean)) return { net: name, kept: [own], residuals: 0, active, run: nothing, hint: nothing };
  const halves = (["conditional", "unconditional"] as const).filter((half) => each.some((at) => at?.[half]));
  const extent = { batch: halves.length, ...cells, context };
  const run = memoryOf(net.graphs.control, extent);
  const hint = memoryOf(net.graphs.hint, { batch: 1, ...pixels });
  const mapKey = `${map.pixels.width}x${map.pixels.height} ${contentKey(map.pixels.data)}`;
  return {
    net: name,
    kept: [
      own,
      { key: `features ${name} ${mapKey}`, bytes: hint.outputs },
      { key: `text ${name} ${halves.join(" ")}`, bytes: memoryOf(net.graphs.kv, extent).outputs },
    ],
    residuals: run.outputs,
    active,
    run,
    hint,
  };
}

/** Bytes that controls keep through all steps. */
export function keptBytes(controls: readonly ControlMemory[]): number {
  const shared = new Map<string, number>();
  let kept = 0;
  for (const { key, bytes } of controls.flatMap((control) => control.kept))
    if (key === "") kept += bytes;
    else shared.set(key, bytes);
  for (const bytes of shared.values()) kept += bytes;
  return kept;
}

/** The most bytes of residuals that are there at once. */
export function mostResiduals(controls: readonly ControlMemory[]): number {
  const steps = Math.max(0, ...controls.map(({ active }) => active.length));
  let most = 0;
  for (let i = 0; i < steps; i++)
    most = Math.max(
      most,
      controls.reduce((sum, { active, residuals }) => sum + (active[i] ? residuals : 0), 0),
    );
  return most;
}
