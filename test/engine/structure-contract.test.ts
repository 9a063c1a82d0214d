import {
  type ConditionKind,
  depthSilhouette,
  inpaint,
  mask,
  normalDepth,
  type Pixels,
  palette,
  silhouette,
  softedgeGradient,
  straightLines,
} from "@underdraw/engine";
import { expect, test } from "vitest";
import { isOpaque } from "../../engine/src/vision/matte.ts";
import { painted, random, same } from "./structure-golden.ts";

const kinds: readonly ConditionKind[] = [
  depthSilhouette,
  inpaint,
  mask,
  normalDepth,
  palette,
  silhouette,
  softedgeGradient,
  straightLines,
];
const run = (kind: ConditionKind, source: Pixels, signal?: AbortSignal): Promise<Pixels> =>
  kind.choose().extract(source, { run: () => Promise.reject(new Error("no model")), ...(signal && { signal }) });

const sizes = [
  [1, 1],
  [1, 37],
  [53, 1],
  [2, 2],
  [3, 5],
  [171, 127],
] as const;

test.each(kinds.map((kind) => [kind.id, kind] as const))(
  "%s draws an opaque map of its source's size, whatever the size and transparency, and changes nothing in it",
  async (_, kind) => {
    const dice = random(1);
    for (const [width, height] of sizes) {
      for (const opaque of [true, false]) {
        const source = painted(width, height, () => {
          const alpha = opaque ? 255 : Math.floor(dice() * 3) * 127.5;
          return [dice() * 255, dice() * 255, dice() * 255, alpha].map(Math.floor);
        });
        const before = source.data.slice();
        const map = await run(kind, source);
        expect([map.width, map.height, map.data.length]).toEqual([width, height, width * height * 4]);
        expect(isOpaque(map)).toBe(true);
        expect(same(source.data, before)).toBe(true);
        expect(map.data.buffer === source.data.buffer).toBe(false);
        expect(same((await run(kind, source)).data, map.data)).toBe(true);
        const { values, polarity } = kind.convention;
        const gray = polarity !== "none";
        if (gray) expect(map.data.every((value, i) => i % 4 === 3 || value === map.data[i - (i % 4)])).toBe(true);
        if (values === "binary")
          expect([...new Set(map.data)].every((value) => value === 0 || value === 255)).toBe(true);
      }
    }
  },
);

test.each(kinds.map((kind) => [kind.id, kind] as const))(
  "%s shows nothing of a colour under full transparency",
  async (_, kind) => {
    const seen = (hidden: number) =>
      painted(64, 48, (x, y) =>
        Math.hypot(x - 32, y - 24) < 15 ? [220, 120, 30, 255] : [hidden, 255 - hidden, hidden, 0],
      );
    expect(same((await run(kind, seen(0))).data, (await run(kind, seen(201))).data)).toBe(true);
  },
);

test.each([palette, silhouette, softedgeGradient, straightLines].map((kind) => [kind.id, kind] as const))(
  "%s stops with the signal's reason while it is drawn",
  async (_, kind) => {
    const dice = random(6);
    const source = painted(900, 900, (x, y) => [(x * y) % 251, dice() * 255, (x ^ y) & 255].map(Math.floor));
    const own = new AbortController();
    const reason = { why: "enough" };
    const drawing = run(kind, source, own.signal);
    setTimeout(() => own.abort(reason), 5);
    const since = performance.now();
    await expect(drawing).rejects.toBe(reason);
    expect(performance.now() - since).toBeLessThan(2000);
  },
);
