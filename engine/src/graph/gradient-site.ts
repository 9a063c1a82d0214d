import type { Attribute, Node } from "./graph.ts";
import type { Operations } from "./operations.ts";

/** Who computes a gradient: what is fastest differs (webgpu.md 16.4). */
export type GradientDevice = "cpu" | "gpu";

/** A node of a graph at the moment when its gradient is emitted. */
export interface GradientSite {
  readonly of: Operations;
  readonly node: Node;
  readonly device: GradientDevice;
  /** The gradient of the node's output. */
  readonly dy: string;
  /** The node's output. */
  readonly y: string;
  /** An input of the node; "" for one that is left out. */
  x(at: number): string;
  /** The whole numbers of an input that is a constant; none for another. */
  whole(at: number): readonly number[];
  /** Whether the gradient of an input is asked for. */
  needs(at: number): boolean;
  /** Gives the gradient of an input. */
  give(at: number, gradient: string): void;
}

/** Emits the gradients of a node's inputs from that of its output. */
export type GradientRule = (site: GradientSite) => void;

const attribute = (node: Node, name: string): Attribute => {
  const value = node.attributes[name];
  if (value) return value;
  throw new RangeError(`${node.op} ${node.outputs[0]} has no ${name}.`);
};

/** An attribute of whole numbers. */
export function intsOf(node: Node, name: string): readonly number[] {
  const value = attribute(node, name);
  return "ints" in value ? value.ints : [];
}

/** An attribute that is one number. */
export function numberOf(node: Node, name: string): number {
  const value = attribute(node, name);
  return "int" in value ? value.int : "float" in value ? value.float : Number.NaN;
}
