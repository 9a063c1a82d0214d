import { UnderdrawError } from "../core/errors.ts";
import type { Graph, Precision, VaeConfig, WeightBits, Weights } from "../graph/index.ts";
import {
  kv,
  type Part,
  stored,
  storedWeights,
  sumNames,
  temb,
  textEncoder,
  unetDecoder,
  unetEncoder,
  vaeDecoder,
  vaeEncoder,
} from "../graph/index.ts";
import type { BaseModel } from "../models/base.ts";
import { checkCoverage, weightsOf } from "../models/weights.ts";
import { type Network, openNetwork } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { LoadedUnet } from "./denoise.ts";
import type { LoadedText } from "./text.ts";
import { embedderOf, tokenEmbeddings, tokenizerOf } from "./text-tokens.ts";

// The checkpoint, loaded: text encoder, UNet in its pieces, decoder of the autoencoder. What few generations need, the
// encoder of the autoencoder and shorter text encoders, is loaded when one asks for it, and stays.

/** A checkpoint's networks on a runtime. */
export interface LoadedBase {
  readonly model: BaseModel;
  readonly text: LoadedText;
  readonly unet: LoadedUnet;
  readonly vae: { readonly config: VaeConfig; readonly decoder: Network };
  /** The encoder of the autoencoder, loaded the first time. */
  vaeEncoder(options?: Loading): Promise<Network>;
  /** The text encoder without its last `skip` layers, loaded the first time. `request-invalid` where none would be left. */
  textWithout(skip: number, options?: Loading): Promise<LoadedText>;
  /** Every network that is loaded, by its name. */
  networks(): ReadonlyMap<string, Network>;
  release(): Promise<void>;
}

/** How something is loaded. */
interface Loading {
  readonly signal?: AbortSignal;
  /** Whether each network is loaded by its first run. */
  readonly parked?: boolean;
}

/** The graphs of a checkpoint by name, with weights in so many bits; whole without. */
export function baseGraphs(
  model: Pick<BaseModel, "text" | "unet" | "vae">,
  precision: Precision,
  bits: WeightBits | null = null,
): Record<BasePiece, Graph> {
  return {
    text: stored(textEncoder(model.text.config, precision), bits),
    kv: stored(kv(model.unet.config, precision), bits),
    temb: stored(temb(model.unet.config, precision), bits),
    unet_encoder: stored(unetEncoder(model.unet.config, precision), bits),
    unet_decoder: stored(unetDecoder(model.unet.config, precision), bits),
    vae_decoder: vaeStored(vaeDecoder(model.vae.config, precision), bits),
  };
}

/** A piece of the autoencoder with weights in so many bits: it stays whole where those are fewer than half precision has. */
export const vaeStored = (graph: Graph, bits: WeightBits | null): Graph => (bits === 16 ? stored(graph, bits) : graph);

/** The pieces that a checkpoint is loaded in. */
export type BasePiece = "text" | "kv" | "temb" | "unet_encoder" | "unet_decoder" | "vae_decoder";

/** The checkpoint tensors that graphs read, in the shapes that they must have. */
export const partsOf = (graphs: readonly Graph[]): { key: string; dims: readonly number[] }[] =>
  graphs
    .flatMap(({ weights }) => weights.flatMap(({ parts }) => parts))
    .map(({ key, shape }: Part) => ({ key, dims: shape }));

/** Raises `model-incompatible` when a checkpoint's tensors are not those that its configs ask for. */
export function checkBase(model: BaseModel): void {
  const graphs = baseGraphs(model, "float32");
  const { vocabulary, width } = model.text.config;
  checkCoverage(model.text.tensors, [...partsOf([graphs.text]), { key: tokenEmbeddings, dims: [vocabulary, width] }]);
  checkCoverage(model.unet.tensors, partsOf([graphs.kv, graphs.temb, graphs.unet_encoder, graphs.unet_decoder]));
  checkCoverage(model.vae.tensors, partsOf([graphs.vae_decoder, vaeEncoder(model.vae.config, "float32")]));
}

/** Loads a checkpoint's networks. */
export async function openBaseNetworks(
  runtime: Runtime,
  model: BaseModel,
  {
    bits = null,
    ...options
  }: Loading & { readonly bits?: WeightBits | null; readonly onPiece?: (piece: string) => void } = {},
): Promise<LoadedBase> {
  const graphs = baseGraphs(model, runtime.precision, bits);
  const weights = {
    text: storedWeights(weightsOf(model.text.tensors)),
    unet: storedWeights(weightsOf(model.unet.tensors)),
    vae: storedWeights(weightsOf(model.vae.tensors)),
  };
  const of = { text: weights.text, vae_decoder: weights.vae } as Partial<Record<BasePiece, typeof weights.text>>;
  const networks = new Map<string, Network>();
  const release = async () => {
    for (const network of networks.values()) await network.release();
  };
  try {
    const tokenizer = await tokenizerOf(model);
    for (const [piece, graph] of Object.entries(graphs) as [BasePiece, Graph][]) {
      networks.set(piece, await openNetwork(runtime, graph, of[piece] ?? weights.unet, options));
      options.onPiece?.(piece);
    }
    const at = (piece: BasePiece) => networks.get(piece) as Network;
    const later = async (name: string, graph: () => Graph, from: Weights, loading: Loading = {}): Promise<Network> => {
      const known = networks.get(name);
      if (known) return known;
      const opened = await openNetwork(runtime, graph(), from, loading);
      // Two pipelines may have asked at once.
      const first = networks.get(name);
      if (!first) networks.set(name, opened);
      else await opened.release();
      return first ?? opened;
    };
    const text: LoadedText = {
      config: model.text.config,
      tokenizer,
      length: Math.min(model.text.config.length, tokenizer.maxLength),
      network: at("text"),
      embed: embedderOf(model),
    };
    return {
      model,
      text,
      textWithout: async (skip, loading) => {
        if (skip === 0) return text;
        checkSkip(skip, model.text.config.layers);
        const graph = () => stored(textEncoder(model.text.config, runtime.precision, skip), bits);
        return { ...text, network: await later(`text_without_${skip}`, graph, weights.text, loading) };
      },
      vaeEncoder: (loading) =>
        later(
          "vae_encoder",
          () => vaeStored(vaeEncoder(model.vae.config, runtime.precision), bits),
          weights.vae,
          loading,
        ),
      unet: {
        config: model.unet.config,
        pieces: { kv: at("kv"), temb: at("temb"), encoder: at("unet_encoder"), decoder: at("unet_decoder") },
        names: sumNames(model.unet.config),
      },
      vae: { config: model.vae.config, decoder: at("vae_decoder") },
      networks: () => networks,
      release,
    };
  } catch (error) {
    await release().catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

function checkSkip(skip: number, layers: number): void {
  if (skip < layers) return;
  const message = `clipSkip leaves out ${skip} layers, and this model's text encoder has ${layers}. Give at most ${layers - 1}.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path: "clipSkip", message }] });
}
