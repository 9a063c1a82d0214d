import { bound } from "./bound.ts";
import type { ControlNetConfig, UnetConfig } from "./config.ts";
import { executionOrder, inTurn } from "./execution-order.ts";
import { differentiated } from "./gradient.ts";
import type { GradientDevice } from "./gradient-site.ts";
import type { Graph, Weight } from "./graph.ts";
import { type LowRank, lowRank } from "./low-rank.ts";
import { runMemory } from "./memory.ts";
import type { Operations } from "./operations.ts";
import type { Extent } from "./shape-inputs.ts";
import { trainable } from "./trainable.ts";
import { CONTROL_PREFIX, wholeStep } from "./whole.ts";

// One step of training, up to the gradients. The networks are those that draw: the base's weights are initialisers and no
// output leads to them, its encoder has no gradient at all, and its decoder only hands gradients on (controlnet.md 10).

/** How a step is made. */
export interface StepShape {
  /** Of the latents. */
  readonly extent: Extent;
  readonly device: GradientDevice;
  /** Of the low-rank parts beside the layers of the copy; null where the copy itself learns. */
  readonly rank: number | null;
  /** See `Differentiation.segments`. */
  readonly segments?: number;
}

/** A step's graph, and what learns in it. */
export interface TrainingStep extends Pick<LowRank, "weights" | "parts"> {
  /**
   * Inputs of `wholeStep` in rows, `target` as the prediction, and the weights that learn; outputs `loss` [1],
   * `prediction`, and `gradient.<weight>`. All is float32.
   */
  readonly graph: Graph;
}

/** Whether a net's tensor is one that no base has: of its hint block or a zero convolution. */
export const isOwnKey = (key: string): boolean => /^controlnet_(cond_embedding|down_blocks|mid_block)\b/.test(key);

/** The key of a weight's tensor in its net's own file; null for a weight of the base. */
export function netKey({ parts }: Weight): string | null {
  const [{ key = "" } = {}] = parts;
  return key.startsWith(CONTROL_PREFIX) ? key.slice(CONTROL_PREFIX.length) : null;
}

/** What onnxruntime's arena takes for each byte of the tensors that are there at once (fitted: bench/README.md). */
const ARENA = 1.25;

/**
 * Bytes that a run of a step's graph takes on the CPU at its most, outputs and all: inputs and weights are not counted. The
 * outputs count twice, since those of the run before wait for the garbage collector.
 */
export function stepMemory(graph: Graph, extent: Extent): number {
  const { outputs, peak } = runMemory({ ...graph, nodes: executionOrder(graph) }, extent);
  return ARENA * peak + outputs;
}

/** The graph of a step. Throws a RangeError for an extent whose sides do not halve evenly down to the middle. */
export function trainingStep(
  unet: UnetConfig,
  net: ControlNetConfig,
  { extent, device, rank, segments = 1 }: StepShape,
): TrainingStep {
  const part = 2 ** (unet.channels.length - 1);
  if (extent.height % part !== 0 || extent.width % part !== 0)
    throw new RangeError(
      `Nothing can be trained on latents of ${extent.width} x ${extent.height}: their sides must be multiples of ${part}.`,
    );
  const whole = wholeStep(unet, net, "float32", "batch");
  const isNets = (weight: Weight): boolean => netKey(weight) !== null;
  const isOwn = (weight: Weight): boolean => isOwnKey(netKey(weight) ?? "");
  const { graph, weights, parts }: LowRank =
    rank === null ? { ...trainable(whole, isNets), parts: [] } : lowRank(trainable(whole, isOwn), isNets, rank);
  return { graph: withGradients(bound(graph, extent), weights, { device, segments }), weights, parts };
}

/** Adds the mean of the squared difference to a target, and its gradients by weights. */
function withGradients(
  graph: Graph,
  weights: readonly Weight[],
  options: { readonly device: GradientDevice; readonly segments: number },
): Graph {
  const named = { ...graph, name: "training_step" };
  const by = weights.map(({ name }) => name);
  const { b, gradients, loss } = differentiated(named, { of: "prediction", by, ...options }, meanSquare);
  const outputs = by.map((name): [string, string] => {
    const own = gradients.get(name);
    if (own === undefined) throw new RangeError(`The prediction does not depend on "${name}".`);
    return [`gradient.${name}`, own];
  });
  return inTurn(withoutUnread(b.finish([["loss", loss], ["prediction", "prediction"], ...outputs])));
}

/** A graph without the nodes whose outputs nothing reads: some gradients need of a tensor its sides alone. */
function withoutUnread(graph: Graph): Graph {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => read.has(output))) return false;
    for (const input of inputs) read.add(input);
    return true;
  });
  return { ...graph, nodes: nodes.reverse(), constants: graph.constants.filter(({ name }) => read.has(name)) };
}

/** The mean of (y - t)^2 over n numbers, whose gradient is 2 / n (y - t). */
function meanSquare(of: Operations, prediction: string): { readonly value: string; readonly gradient: string } {
  const sides = of.sides(prediction);
  const count = sides.reduce((a, side) => a * side, 1);
  const apart = of.sub(prediction, of.b.input("target", sides));
  const mean = of.mean(of.reshape(of.mul(apart, apart), [1, count]), [1]);
  return { value: of.reshape(mean, [1]), gradient: of.times(apart, 2 / count) };
}
