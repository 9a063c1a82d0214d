import { controlNetGraphs, type LoadedNet } from "./controlnet/net.ts";
import { baseGraphs, type LoadedBase, vaeStored } from "./diffusion/loaded-base.ts";
import type { LoadedTinyVae } from "./diffusion/preview.ts";
import {
  type ControlNetConfig,
  executionOrder,
  type Graph,
  isHalved,
  type Precision,
  type RunExtent,
  type RunMemory,
  runMemory,
  type VaeConfig,
  vaeEncoder,
  type WeightBits,
  weightBytes,
  weightSize,
} from "./graph/index.ts";
import type { BaseModel } from "./models/base.ts";
import type { NetModel } from "./models/net.ts";

// The graphs that a pipeline's memory is counted from: those of its networks, or the same ones made from its models'
// configs before anything is loaded.

/** The graphs of a net, and what it is. */
export interface NetGraphs {
  readonly config: ControlNetConfig;
  readonly graphs: Readonly<Record<"hint" | "kv" | "temb" | "control", Graph>>;
}

/** The graphs of a checkpoint with its nets. */
export interface PipelineGraphs {
  readonly precision: Precision;
  readonly text: Graph;
  readonly unet: Readonly<Record<"kv" | "temb" | "encoder" | "decoder", Graph>>;
  readonly vae: { readonly config: VaeConfig; readonly encoder: Graph; readonly decoder: Graph };
  readonly nets: ReadonlyMap<string, NetGraphs>;
  /** Of what draws previews; null where there is none. */
  readonly previews: Graph | null;
}

/** Encoders of autoencoders: they are counted before they are loaded. */
const encoders = new WeakMap<VaeConfig, Map<string, Graph>>();

function encoderOf(config: VaeConfig, precision: Precision, bits: WeightBits | null): Graph {
  const known = encoders.get(config) ?? new Map<string, Graph>();
  encoders.set(config, known);
  const key = `${precision} ${bits}`;
  const graph = known.get(key) ?? vaeStored(vaeEncoder(config, precision), bits);
  known.set(key, graph);
  return graph;
}

/** The graphs of networks that are open, whether they are loaded or parked. */
export function graphsOf(
  base: LoadedBase,
  nets: ReadonlyMap<string, LoadedNet>,
  previews: LoadedTinyVae | null,
): PipelineGraphs {
  const { kv, temb, encoder, decoder } = base.unet.pieces;
  const { config } = base.vae;
  const { precision } = encoder.graph;
  return {
    precision,
    text: base.text.network.graph,
    unet: { kv: kv.graph, temb: temb.graph, encoder: encoder.graph, decoder: decoder.graph },
    vae: {
      config,
      encoder: encoderOf(config, precision, isHalved(encoder.graph) ? 16 : null),
      decoder: base.vae.decoder.graph,
    },
    nets: new Map(
      [...nets].map(([name, { config: own, pieces }]) => [
        name,
        {
          config: own,
          graphs: {
            hint: pieces.hint.graph,
            kv: pieces.kv.graph,
            temb: pieces.temb.graph,
            control: pieces.control.graph,
          },
        },
      ]),
    ),
    previews: previews?.decoder.graph ?? null,
  };
}

/** The graphs that models would be loaded as. */
export function graphsToLoad(
  base: Pick<BaseModel, "text" | "unet" | "vae">,
  nets: ReadonlyMap<string, Pick<NetModel, "config">>,
  { precision, bits }: { readonly precision: Precision; readonly bits: WeightBits | null },
): PipelineGraphs {
  const { text, kv, temb, unet_encoder, unet_decoder, vae_decoder } = baseGraphs(base, precision, bits);
  const { config } = base.vae;
  return {
    precision,
    text,
    unet: { kv, temb, encoder: unet_encoder, decoder: unet_decoder },
    vae: { config, encoder: encoderOf(config, precision, bits), decoder: vae_decoder },
    nets: new Map(
      [...nets].map(([name, net]) => [
        name,
        { config: net.config, graphs: controlNetGraphs(net.config, precision, bits) },
      ]),
    ),
    previews: null,
  };
}

/** What was found of a graph: the same for every generation of a size. */
const found = new WeakMap<Graph, { weights: number; whole: number; runs: Map<string, RunMemory> }>();

function foundOf(graph: Graph) {
  const known = found.get(graph) ?? { weights: weightBytes(graph), whole: wholeBytes(graph), runs: new Map() };
  found.set(graph, known);
  return known;
}

/**
 * Bytes of graphs' weights: as they are stored, and what they would be in whole numbers; and apart from both, of graphs
 * that read them as they lie.
 */
export function weightsIn(graphs: Iterable<Graph>): { stored: number; whole: number; lying: number } {
  const sum = { stored: 0, whole: 0, lying: 0 };
  for (const graph of graphs) {
    const { weights, whole } = foundOf(graph);
    if (isHalved(graph)) sum.lying += weights;
    else {
      sum.stored += weights;
      sum.whole += whole;
    }
  }
  return sum;
}

/** What a graph's weights would take as numbers of its precision. */
const wholeBytes = ({ weights, precision }: Graph): number =>
  weights.reduce(
    (sum, { code, ...weight }) => sum + (code?.what === "scales" ? 0 : weightSize(code?.of ?? weight, precision)),
    0,
  );

/** Sizes that are remembered of a graph: whoever drags a picture's corner passes through hundreds. */
const mostRuns = 32;

/** What a run of a graph takes. */
export function memoryOf(graph: Graph, extent: RunExtent): RunMemory {
  const { runs } = foundOf(graph);
  const key = `${extent.batch} ${extent.height} ${extent.width} ${extent.context}`;
  const known = runs.get(key) ?? runMemory({ ...graph, nodes: executionOrder(graph) }, extent);
  runs.set(key, known);
  for (const old of runs.keys()) {
    if (runs.size <= mostRuns) break;
    runs.delete(old);
  }
  return known;
}
