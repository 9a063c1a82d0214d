import type { Matrix } from "../core/scene.ts";

/** Nothing is moved. */
export const identity: Matrix = [1, 0, 0, 1, 0, 0];

/** First `inner`, then `outer`. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  if (inner === identity) return outer;
  if (outer === identity) return inner;
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

/** Moves by x and y. */
export function moved(x: number, y: number): Matrix {
  return x === 0 && y === 0 ? identity : [1, 0, 0, 1, x, y];
}

/** Undoes a matrix; null for one that cannot be undone, since it makes a line or a point of everything. */
export function inverse([a, b, c, d, e, f]: Matrix): Matrix | null {
  const det = a * d - b * c;
  if (!Number.isFinite(det) || det === 0) return null;
  const matrix: Matrix = [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
  return matrix.every(Number.isFinite) ? matrix : null;
}

/** How many numbers each function takes. */
const takes: Readonly<Record<string, readonly number[]>> = {
  matrix: [6],
  translate: [1, 2],
  translatex: [1],
  translatey: [1],
  scale: [1, 2],
  scalex: [1],
  scaley: [1],
  rotate: [1, 3],
  skewx: [1],
  skewy: [1],
  skew: [1, 2],
};

/** The units that transforms of CSS may carry, in px or degrees. */
const unitSizes: Readonly<Record<string, number>> = {
  "": 1,
  px: 1,
  deg: 1,
  rad: 180 / Math.PI,
  grad: 0.9,
  turn: 360,
};

/** Reads a list of transforms, of an attribute or of a style; null for one that is not understood. */
export function transformFrom(text: string): Matrix | null {
  let matrix = identity;
  let rest = text.trim();
  if (rest === "" || rest === "none") return identity;
  while (rest !== "") {
    const match = /^([a-z]+)\s*\(([^()]*)\)[\s,]*/i.exec(rest);
    if (!match) return null;
    const name = (match[1] as string).toLowerCase();
    const numbers = argumentsFrom(match[2] as string);
    if (!numbers || !Object.hasOwn(takes, name) || !takes[name]?.includes(numbers.length)) return null;
    matrix = multiply(matrix, single(name, numbers));
    rest = rest.slice(match[0].length);
  }
  return matrix.every((value) => Math.abs(value) < 1e12) ? matrix : null;
}

function argumentsFrom(text: string): readonly number[] | null {
  const numbers: number[] = [];
  const one = /[\s,]*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)/iy;
  let at = 0;
  for (let match = one.exec(text); match; match = one.exec(text)) {
    const unit = (match[2] as string).toLowerCase();
    if (!Object.hasOwn(unitSizes, unit)) return null;
    numbers.push(Number(match[1]) * (unitSizes[unit] as number));
    at = one.lastIndex;
  }
  return text.slice(at).trim() === "" ? numbers : null;
}

function single(name: string, numbers: readonly number[]): Matrix {
  const [first = 0, second, third = 0] = numbers;
  switch (name) {
    case "matrix":
      return numbers as unknown as Matrix;
    case "translate":
      return [1, 0, 0, 1, first, second ?? 0];
    case "translatex":
      return [1, 0, 0, 1, first, 0];
    case "translatey":
      return [1, 0, 0, 1, 0, first];
    case "scale":
      return [first, 0, 0, second ?? first, 0, 0];
    case "scalex":
      return [first, 0, 0, 1, 0, 0];
    case "scaley":
      return [1, 0, 0, first, 0, 0];
    case "rotate":
      return turned(first, second ?? 0, third);
    case "skewy":
      return [1, tangent(first), 0, 1, 0, 0];
    default:
      return [1, tangent(second ?? 0), tangent(first), 1, 0, 0];
  }
}

/** A turn by degrees, clockwise, about a point. */
function turned(degrees: number, x: number, y: number): Matrix {
  const [cos, sin] = [cosine(degrees), cosine(degrees - 90)];
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
}

/** Exact at quarter turns; elsewhere without the last digits, in which the engines of browsers differ. */
function cosine(degrees: number): number {
  const turn = ((degrees % 360) + 360) % 360;
  if (turn % 90 === 0) return turn === 0 ? 1 : turn === 180 ? -1 : 0;
  return steady(Math.cos((turn * Math.PI) / 180));
}

function tangent(degrees: number): number {
  return degrees % 180 === 0 ? 0 : steady(Math.tan((degrees * Math.PI) / 180));
}

const steady = (value: number): number => (Math.abs(value) < 1000 ? Math.round(value * 1e12) / 1e12 : value);
