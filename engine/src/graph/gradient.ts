import { GraphBuilder } from "./builder.ts";
import { convGradient } from "./gradient-convolution.ts";
import { instanceNormGradient, layerNormGradient, softmaxGradient } from "./gradient-norms.ts";
import {
  addGradient,
  geluGradient,
  mulGradient,
  quickGeluGradient,
  sigmoidGradient,
  subGradient,
} from "./gradient-places.ts";
import { attentionGradient, gemmGradient, matmulGradient } from "./gradient-products.ts";
import {
  concatGradient,
  expandGradient,
  identityGradient,
  padGradient,
  reshapeGradient,
  resizeGradient,
  transposeGradient,
} from "./gradient-shapes.ts";
import type { GradientDevice, GradientRule } from "./gradient-site.ts";
import type { Graph, Node } from "./graph.ts";
import { Operations } from "./operations.ts";

// Reverse-mode differentiation of a graph, written as ordinary operations behind it: onnxruntime has none of its own. The
// graph must be bound to one extent (`bound.ts`).

const rules: Readonly<Record<string, GradientRule>> = {
  Add: addGradient,
  Concat: concatGradient,
  Conv: convGradient,
  Expand: expandGradient,
  Gelu: geluGradient,
  Gemm: gemmGradient,
  Identity: identityGradient,
  InstanceNormalization: instanceNormGradient,
  LayerNormalization: layerNormGradient,
  MatMul: matmulGradient,
  Mul: mulGradient,
  "com.microsoft.MultiHeadAttention": attentionGradient,
  Pad: padGradient,
  "com.microsoft.QuickGelu": quickGeluGradient,
  Reshape: reshapeGradient,
  Resize: resizeGradient,
  Sigmoid: sigmoidGradient,
  Softmax: softmaxGradient,
  Sub: subGradient,
  Transpose: transposeGradient,
};

/** A number made of a tensor, as [1], and its gradient by that tensor. */
export type Loss = (of: Operations, tensor: string) => { readonly value: string; readonly gradient: string };

/** What to differentiate, and how. */
export interface Differentiation {
  /** The tensor that the loss is made of. */
  readonly of: string;
  /** The inputs that gradients are asked by. */
  readonly by: readonly string[];
  readonly device: GradientDevice;
  /**
   * In how many segments what the forward pass made is computed anew, so that only what lies between them is kept. 1 (the
   * default) keeps all.
   */
  readonly segments?: number;
}

/**
 * Adds a loss and its gradients by inputs behind a bound graph: the builder that holds all, and the name of each gradient.
 * An input that the loss does not depend on has none. Throws a RangeError for an operation without a rule.
 */
export function differentiated(
  graph: Graph,
  { of: target, by, device, segments = 1 }: Differentiation,
  lossOf: Loss,
): { readonly b: GraphBuilder; readonly loss: string; readonly gradients: ReadonlyMap<string, string> } {
  const b = new GraphBuilder(graph.name, graph.precision, graph);
  const of = new Operations(b);
  const active = activeTensors(graph, by);
  const path = graph.nodes.filter((node) => node.outputs.some((output) => active.has(output)));
  const wholes = new Map(
    graph.constants.flatMap(({ name, values }): [string, number[]][] =>
      values instanceof BigInt64Array ? [[name, Array.from(values, Number)]] : [],
    ),
  );
  const loss = lossOf(of, target);
  const gradients = new Map([[target, loss.gradient]]);
  const give = (name: string, gradient: string): void => {
    const known = gradients.get(name);
    gradients.set(name, known === undefined ? gradient : of.add(known, gradient));
  };
  const size = Math.ceil(path.length / segments);
  for (let end = path.length; end > 0; end -= size) {
    const part = path.slice(Math.max(0, end - size), end);
    // What is at the end is still there.
    const name = end === path.length ? (tensor: string) => tensor : again(of, part, { graph, active, gradients });
    for (const node of part.toReversed()) {
      const [output = ""] = node.outputs;
      const dy = gradients.get(output);
      if (dy === undefined) continue;
      const kind = node.domain ? `${node.domain}.${node.op}` : node.op;
      const rule = rules[kind];
      if (!rule) throw new RangeError(`${graph.name}: ${kind} ${output} has no gradient.`);
      rule({
        of,
        node,
        device,
        dy,
        y: name(output),
        x: (at) => name(node.inputs[at] ?? ""),
        whole: (at) => wholes.get(node.inputs[at] ?? "") ?? [],
        needs: (at) => active.has(node.inputs[at] ?? ""),
        give: (at, gradient) => give(node.inputs[at] ?? "", gradient),
      });
      gradients.delete(output);
    }
  }
  return { b, loss: loss.value, gradients };
}

/** The tensors that depend on some of others, those included. */
function activeTensors(graph: Graph, by: readonly string[]): Set<string> {
  const active = new Set(by);
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((input) => active.has(input))) for (const output of outputs) active.add(output);
  return active;
}

/**
 * Gives tensors of a part of the path a second time, each when it is first asked for. What comes into the part is first
 * added to nothing of a gradient that is there only then: so no optimiser takes the two for one, and none runs before its
 * turn.
 */
function again(
  of: Operations,
  nodes: readonly Node[],
  {
    graph,
    active,
    gradients,
  }: {
    readonly graph: Graph;
    readonly active: ReadonlySet<string>;
    readonly gradients: ReadonlyMap<string, string>;
  },
): (tensor: string) => string {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const arrived = [...makers.keys()].find((output) => gradients.has(output));
  if (arrived === undefined) return (tensor) => tensor;
  const dy = gradients.get(arrived) ?? "";
  const first = of.slice(
    dy,
    of.sides(dy).map((_, axis) => ({ axis, start: 0, count: 1 })),
  );
  const nothing = of.reshape(of.times(first, 0), [1]);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const names = new Map<string, string>();
  const named = (tensor: string): string => {
    const known = names.get(tensor) ?? emitted(tensor);
    names.set(tensor, known);
    return known;
  };
  const emitted = (tensor: string): string => {
    const node = makers.get(tensor);
    // Weights that learn are inputs, and are there anyway; so is what depends on none.
    if (!node) return inputs.has(tensor) || !active.has(tensor) ? tensor : of.add(tensor, nothing);
    const renamed = node.inputs.map(named);
    const [x = ""] = renamed;
    // What reads inputs alone would be the same node again.
    if (renamed.every((input, at) => input === node.inputs[at])) renamed[0] = of.add(x, nothing);
    return of.b.node(node.op, renamed, of.sides(tensor), node.attributes, { domain: node.domain });
  };
  return named;
}
