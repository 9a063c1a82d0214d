import { describe, expect, test } from "vitest";
import { turned } from "../../engine/src/scene/arc.ts";
import { type PathData, readPathData } from "../../engine/src/scene/path-data.ts";
import { seeded } from "./scene-parts.ts";

// The grammar of SVG 2, 9.3.9, and its words on mistakes: what comes before one is drawn.

/** A path in letters and numbers again, rounded to thousandths. */
function written({ kinds, numbers }: PathData): string {
  let n = 0;
  return Array.from(kinds, (kind) => {
    const count = [2, 2, 6, 0][kind] as number;
    const own = Array.from(numbers.slice(n, n + count), (value) => Number(value.toFixed(3)) + 0);
    n += count;
    return `${"MLCZ"[kind]}${own.join(" ")}`;
  }).join("");
}

const read = (text: string): string => written(readPathData(text));

describe("path data", () => {
  test.each([
    ["M1 2L3 4", "M1 2L3 4"],
    ["m1 2 3 4 5 6", "M1 2L4 6L9 12"],
    ["M1,2,3,4", "M1 2L3 4"],
    ["M 1 , 2 \n\t L 3 , 4 ", "M1 2L3 4"],
    ["M.5.5.25-1-2-3", "M0.5 0.5L0.25 -1L-2 -3"],
    ["M1e2 1E-2L+1.5e+1-3.", "M100 0.01L15 -3"],
    ["M0 0h5v6H1V2", "M0 0L5 0L5 6L1 6L1 2"],
    ["M0 0 H1 2 3", "M0 0L1 0L2 0L3 0"],
    ["M0 0L5 0L5 5ZL9 9", "M0 0L5 0L5 5ZL9 9"],
    ["M1 1L5 0zm2 2l1 1", "M1 1L5 0ZM3 3L4 4"],
    ["M0 0C1 2 3 4 5 6", "M0 0C1 2 3 4 5 6"],
    ["M10 10c1 2 3 4 5 6s1 1 2 2", "M10 10C11 12 13 14 15 16C17 18 16 17 17 18"],
    ["M10 10S1 1 2 2", "M10 10C10 10 1 1 2 2"],
    ["M0 0Q3 3 6 0", "M0 0C2 2 4 2 6 0"],
    ["M0 0Q3 3 6 0T12 0", "M0 0C2 2 4 2 6 0C8 -2 10 -2 12 0"],
    ["M0 0T6 0", "M0 0C0 0 2 0 6 0"],
    ["M0 0C0 0 0 0 3 3T6 0", "M0 0C0 0 0 0 3 3C3 3 4 2 6 0"],
    ["", ""],
    ["   ", ""],
  ])("%j is %s", (text, path) => {
    expect(read(text)).toBe(path);
    expect(readPathData(text).mistake).toBeNull();
  });

  test.each([
    ["L1 1", "", 0],
    ["M1", "", 2],
    ["M1 1L2", "M1 1", 6],
    ["M1 1L2 2 3", "M1 1L2 2", 10],
    ["M1 1L2 2,", "M1 1L2 2", 9],
    ["M1 1,L2 2", "M1 1", 5],
    ["M1 1X2 2", "M1 1", 4],
    ["M1 1Z2 2", "M1 1Z", 5],
    ["M1 1L2 2e", "M1 1L2 2", 8],
    ["M0 0A1 1 0 2 0 5 5", "M0 0", 11],
    ["M0 0L1e999 0L5 5", "M0 0", 5],
    ["M1e308 0l1e308 0", "M1e+308 0", 9],
    ["M0 0L1 1#", "M0 0L1 1", 8],
    ["none", "", 0],
  ])("a mistake in %j ends it there: %s", (text, path, mistake) => {
    const data = readPathData(text);
    expect([written(data), data.mistake]).toEqual([path, mistake]);
  });

  test("reads numbers as JavaScript does, to the last bit", () => {
    const random = seeded(5);
    for (let n = 0; n < 3000; n++) {
      const digits = Math.floor(random() * 19);
      const value = ((random() - 0.5) * 10 ** Math.floor(random() * 40 - 20)).toPrecision(digits + 1);
      expect(readPathData(`M${value} 0`).numbers[0]).toBe(Number(value) + 0 || 0);
    }
  });

  test("flags of an arc need no space, and an arc without a radius is a line", () => {
    expect(readPathData("M0 0a5 5 0 1110 0").numbers).toEqual(readPathData("M0 0a5 5 0 1 1 10 0").numbers);
    expect(read("M0 0A0 5 0 0 1 9 9")).toBe("M0 0L9 9");
    expect(read("M4 4A5 5 0 0 1 4 4")).toBe("M4 4L4 4");
  });

  test("ends at five million segments", () => {
    const { kinds, mistake } = readPathData(`M0 0${"h1".repeat(5_000_001)}`);
    expect([kinds.length, mistake]).toEqual([5_000_000, 4 + 2 * 4_999_999 + 1]);
  });
});

describe("arcs", () => {
  /** Points along the curves of an arc. */
  function points(text: string): { readonly x: number; readonly y: number }[] {
    const { kinds, numbers } = readPathData(text);
    expect([...kinds.slice(1)].every((kind) => kind === 2)).toBe(true);
    let [x, y] = [numbers[0] as number, numbers[1] as number];
    const found = [];
    for (let n = 2; n < numbers.length; n += 6) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = numbers.slice(n, n + 6);
      for (let t = 0; t <= 1; t += 0.125) {
        const s = 1 - t;
        const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
        found.push({ x: a * x + b * x1 + c * x2 + d * x3, y: a * y + b * y1 + c * y2 + d * y3 });
      }
      [x, y] = [x3, y3];
    }
    return found;
  }

  test("lie on their circle, and go the way that the flags say", () => {
    // From (10, 0) to (0, 10): two circles of radius 10, one about the origin, one about (10, 10).
    const sides = [
      ["0 1", 0, 0, false],
      ["1 0", 0, 0, true],
      ["0 0", 10, 10, false],
      ["1 1", 10, 10, true],
    ] as const;
    for (const [flags, cx, cy, large] of sides) {
      const along = points(`M10 0A10 10 0 ${flags} 0 10`);
      for (const { x, y } of along) expect(Math.hypot(x - cx, y - cy)).toBeCloseTo(10, 4);
      expect(along.length, flags).toBe(large ? 6 * 9 : 2 * 9);
      expect(along.at(-1)).toEqual({ x: 0, y: 10 });
    }
  });

  test("lie on their turned ellipse, which grows when it is too small", () => {
    const random = seeded(9);
    for (let n = 0; n < 200; n++) {
      const [rx, ry, turn, x, y] = [
        1 + 9 * random(),
        1 + 9 * random(),
        720 * random() - 360,
        30 * random(),
        30 * random(),
      ];
      const [large, sweep] = [random() < 0.5 ? 0 : 1, random() < 0.5 ? 0 : 1];
      const along = points(`M0 0A${rx} ${ry} ${turn} ${large} ${sweep} ${x} ${y}`);
      const angle = (turn * Math.PI) / 180;
      // In the ellipse's own coordinates all lie on a circle of radius 1, or of one that reaches both ends.
      const own = along.map(({ x: px, y: py }) => [
        (Math.cos(angle) * px + Math.sin(angle) * py) / rx,
        (Math.cos(angle) * py - Math.sin(angle) * px) / ry,
      ]);
      const [first, middle, last] = [own[0], own[Math.floor(own.length / 2)], own.at(-1)] as [
        number[],
        number[],
        number[],
      ];
      const half =
        Math.hypot((last[0] as number) - (first[0] as number), (last[1] as number) - (first[1] as number)) / 2;
      const radius = Math.max(1, half);
      const centre = circleThrough(first, middle, last);
      expect(centre.radius / radius, JSON.stringify([rx, ry, turn, large, sweep, x, y, half])).toBeCloseTo(1, 3);
      for (const [u = 0, v = 0] of own) expect(Math.hypot(u - centre.x, v - centre.y) / radius).toBeCloseTo(1, 3);
    }
  });

  test("turn by the same sines and cosines in every engine, near those of the machine", () => {
    for (let degrees = -1000; degrees < 1000; degrees += 7.3) {
      const { sine, cosine } = turned(degrees);
      expect(sine).toBeCloseTo(Math.sin((degrees * Math.PI) / 180), 12);
      expect(cosine).toBeCloseTo(Math.cos((degrees * Math.PI) / 180), 12);
    }
    expect(turned(90)).toEqual({ sine: 1, cosine: -0 });
  });

  function circleThrough(a: number[], b: number[], c: number[]) {
    const [ax = 0, ay = 0] = a;
    const [bx, by] = [(b[0] as number) - ax, (b[1] as number) - ay];
    const [cx, cy] = [(c[0] as number) - ax, (c[1] as number) - ay];
    const twice = 2 * (bx * cy - by * cx);
    const [b2, c2] = [bx * bx + by * by, cx * cx + cy * cy];
    const [ux, uy] = [(cy * b2 - by * c2) / twice, (bx * c2 - cx * b2) / twice];
    return { x: ux + ax, y: uy + ay, radius: Math.hypot(ux, uy) };
  }
});
