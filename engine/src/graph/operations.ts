import type { GraphBuilder } from "./builder.ts";

/** Sides that are all numbers. */
export type Sides = readonly number[];

/** Whether two tensors have the same sides. */
const sameSides = (a: Sides, b: Sides): boolean => a.length === b.length && a.every((side, n) => side === b[n]);

/** The sides of two tensors that are added or multiplied place by place. */
export function broadcast(a: Sides, b: Sides): number[] {
  const rank = Math.max(a.length, b.length);
  const side = (sides: Sides, at: number) => sides[at - rank + sides.length] ?? 1;
  return Array.from({ length: rank }, (_, at) => Math.max(side(a, at), side(b, at)));
}

/** The small operations that gradients and optimisers are written in, on a builder whose sides are all numbers. */
export class Operations {
  readonly b: GraphBuilder;

  constructor(b: GraphBuilder) {
    this.b = b;
  }

  sides(x: string): Sides {
    return this.b.dims(x).map((side) => {
      if (typeof side === "number") return side;
      throw new RangeError(`${this.b.name}: the side ${side} of "${x}" is no number.`);
    });
  }

  #two(op: string, x: string, y: string): string {
    return this.b.node(op, [x, y], broadcast(this.sides(x), this.sides(y)));
  }

  #one(op: string, x: string): string {
    return this.b.node(op, [x], this.sides(x));
  }

  add(x: string, y: string): string {
    return this.#two("Add", x, y);
  }

  sub(x: string, y: string): string {
    return this.#two("Sub", x, y);
  }

  mul(x: string, y: string): string {
    return this.#two("Mul", x, y);
  }

  div(x: string, y: string): string {
    return this.#two("Div", x, y);
  }

  exp(x: string): string {
    return this.#one("Exp", x);
  }

  erf(x: string): string {
    return this.#one("Erf", x);
  }

  sqrt(x: string): string {
    return this.#one("Sqrt", x);
  }

  sigmoid(x: string): string {
    return this.#one("Sigmoid", x);
  }

  number(value: number): string {
    return this.b.filled([1], value);
  }

  times(x: string, value: number): string {
    return value === 1 ? x : this.mul(x, this.number(value));
  }

  plus(x: string, value: number): string {
    return this.add(x, this.number(value));
  }

  #reduce(op: "ReduceMean" | "ReduceSum", x: string, axes: Sides, keep: boolean): string {
    const sides = this.sides(x);
    const at = new Set(axes.map((axis) => (axis < 0 ? sides.length + axis : axis)));
    const left = sides.flatMap((side, n) => (at.has(n) ? (keep ? [1] : []) : [side]));
    return this.b.node(op, [x, this.b.whole([...at])], left, { keepdims: { int: keep ? 1 : 0 } });
  }

  sum(x: string, axes: Sides, { keep = false }: { readonly keep?: boolean } = {}): string {
    return this.#reduce("ReduceSum", x, axes, keep);
  }

  /** The means over axes, which stay as sides of 1. */
  mean(x: string, axes: Sides): string {
    return this.#reduce("ReduceMean", x, axes, true);
  }

  reshape(x: string, to: Sides): string {
    return sameSides(this.sides(x), to) ? x : this.b.reshape(x, to, to);
  }

  transpose(x: string, perm: Sides): string {
    const sides = this.sides(x);
    const turned = perm.map((from) => sides[from] ?? 0);
    return this.b.node("Transpose", [x], turned, { perm: { ints: perm } });
  }

  /** The last two axes exchanged. */
  turned(x: string): string {
    const axes = this.sides(x).map((_, n) => n);
    const [a = 0, b = 1] = axes.splice(-2);
    return this.transpose(x, [...axes, b, a]);
  }

  matmul(x: string, y: string): string {
    const [left, right] = [this.sides(x), this.sides(y)];
    const rows = broadcast(left.slice(0, -2), right.slice(0, -2));
    return this.b.node("MatMul", [x, y], [...rows, left.at(-2) ?? 0, right.at(-1) ?? 0]);
  }

  /** x y of two matrices, each perhaps turned. */
  gemm(
    x: string,
    y: string,
    { turnX = false, turnY = false }: { readonly turnX?: boolean; readonly turnY?: boolean } = {},
  ): string {
    const sides = [this.sides(x)[turnX ? 1 : 0] ?? 0, this.sides(y)[turnY ? 0 : 1] ?? 0];
    return this.b.node("Gemm", [x, y], sides, {
      alpha: { float: 1 },
      beta: { float: 1 },
      transA: { int: turnX ? 1 : 0 },
      transB: { int: turnY ? 1 : 0 },
    });
  }

  concat(parts: readonly string[], axis: number): string {
    const sides = this.sides(parts[0] ?? "").slice();
    const together = sides.map((side, n) =>
      n === axis ? parts.reduce((sum, part) => sum + (this.sides(part)[n] ?? 0), 0) : side,
    );
    return this.b.node("Concat", parts, together, { axis: { int: axis } });
  }

  /** Every `step`-th place of axes, from `start` on; as many as `count` says. */
  slice(x: string, parts: readonly { axis: number; start: number; count: number; step?: number }[]): string {
    const sides = [...this.sides(x)];
    for (const { axis, count } of parts) sides[axis] = count;
    const ends = parts.map(({ start, count, step = 1 }) => {
      const end = start + step * (count - 1) + Math.sign(step);
      // Backwards to the first place: an end before it is written as one far below, since -1 means the last.
      return end < 0 ? -(2 ** 31) : end;
    });
    const list = (of: Sides) => this.b.whole(of);
    return this.b.node(
      "Slice",
      [
        x,
        list(parts.map(({ start }) => start)),
        list(ends),
        list(parts.map(({ axis }) => axis)),
        list(parts.map(({ step = 1 }) => step)),
      ],
      sides,
    );
  }

  /** Places of an axis, in any order, any of them more than once. */
  gather(x: string, axis: number, places: readonly number[]): string {
    const sides = this.sides(x).map((side, n) => (n === axis ? places.length : side));
    return this.b.node("Gather", [x, this.b.whole(places)], sides, { axis: { int: axis } });
  }

  /** Zeros around: as many before and behind each axis as `pads` says, first all that come before. */
  pad(x: string, pads: Sides): string {
    const sides = this.sides(x);
    if (pads.every((pad) => pad === 0)) return x;
    const wider = sides.map((side, n) => side + (pads[n] ?? 0) + (pads[sides.length + n] ?? 0));
    return this.b.node("Pad", [x, this.b.whole(pads)], wider, { mode: { text: "constant" } });
  }

  /** The sum over all that broadcasting to a tensor's sides had repeated. */
  unbroadcast(x: string, to: Sides): string {
    const from = this.sides(x);
    const missing = from.length - to.length;
    const axes = from.flatMap((side, n) => (n < missing || (to[n - missing] === 1 && side !== 1) ? [n] : []));
    return this.reshape(axes.length > 0 ? this.sum(x, axes) : x, to);
  }
}
