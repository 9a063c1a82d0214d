import {
  depthSilhouette,
  fillMapMask,
  fillMask,
  inpaint,
  inpaintHint,
  mask,
  type Pixels,
  silhouette,
} from "@underdraw/engine";
import { expect, test } from "vitest";
import { gaussian } from "../../engine/src/vision/gaussian.ts";
import { inflated } from "../../engine/src/vision/inflation.ts";
import { channelOf } from "../../engine/src/vision/plane.ts";
import { goldens, readGolden } from "./golden-maps.ts";
import { apart, finished, ink, painted, random, readNumbers, rows, same } from "./structure-golden.ts";

interface Kind {
  choose(options?: unknown): { extract(source: Pixels, context: { run(): Promise<never> }): Promise<Pixels> };
}
const run = (kind: Kind, source: Pixels, options: Record<string, unknown> = {}): Promise<Pixels> =>
  kind.choose(options).extract(source, { run: () => Promise.reject(new Error("no model")) });

/** Which share of the pixels two maps have in common, of all that either has. */
function overlap(one: Pixels, other: (x: number, y: number) => boolean): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < one.width * one.height; i++) {
    const a = (one.data[4 * i] as number) > 127;
    const b = other(i % one.width, Math.floor(i / one.width));
    if (a && b) both++;
    if (a || b) either++;
  }
  return both / either;
}

test("a mask is white where the picture is more opaque than the threshold", async () => {
  const source = painted(5, 1, (x) => [200, 10, 10, [0, 127, 128, 254, 255][x] as number]);
  expect(rows(await run(mask, source), ink)).toEqual(["..###"]);
  expect(rows(await run(mask, source, { threshold: 254 }), ink)).toEqual(["....#"]);
  expect(rows(await run(mask, source, { invert: true }), ink)).toEqual(["##..."]);
  expect(rows(await run(mask, source, { soft: true }))).toEqual(["0 127 128 254 255"]);
  expect(rows(await run(mask, source, { soft: true, invert: true }))).toEqual(["255 128 127 1 0"]);
});

test("inpaint-hint is what the annotators give the net", () => {
  const golden = goldens("inpaint").find(({ id }) => id === "inpaint-hint");
  const inputs = golden?.inputs as unknown as { readonly rgb: string; readonly mask: string };
  const { dims, values } = readNumbers(golden?.expected as string);
  const hint = inpaintHint(readGolden(inputs.rgb), channelOf(readGolden(inputs.mask), 0));
  const [height = 0, width = 0] = dims;
  expect(hint.dims).toEqual([1, 3, height, width]);
  const planes = Float32Array.from(
    hint.values,
    (_, i) => values[3 * (i % (width * height)) + Math.floor(i / (width * height))] as number,
  );
  expect(apart(hint.values, planes)).toBeLessThan(1e-6);
});

test("inpaint-blurred-mask is the Gaussian of the mask", () => {
  const golden = goldens("inpaint").find(({ id }) => id === "inpaint-blurred-mask");
  const { mask: name } = (golden as unknown as { readonly inputs: { readonly mask: string } }).inputs;
  const plane = channelOf(readGolden(name), 0);
  const soft = gaussian({ ...plane, data: Float32Array.from(plane.data, (value) => value / 255) }, 5);
  const { values } = readNumbers(golden?.expected as string);
  expect(apart(soft.data, values)).toBeLessThan(1e-4);
});

test("the map for filling in shows the picture, its hole black, and says where the hole is", async () => {
  const source = painted(
    4,
    2,
    (x, y) =>
      (y === 0
        ? [
            [90, 200, 30, 255],
            [0, 0, 0, 255],
            [1, 2, 3, 128],
            [50, 60, 70, 127],
          ][x]
        : [7, 8, 9, 0]) as number[],
  );
  const map = await run(inpaint, source);
  expect([...map.data.subarray(0, 16)]).toEqual([90, 200, 30, 255, 0, 0, 1, 255, 1, 2, 3, 255, 0, 0, 0, 255]);
  expect([...map.data.subarray(16)]).toEqual([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
  expect(fillMapMask(map)).toEqual(fillMask(source, 127));
  const [fromSource, fromMap] = [inpaintHint(source, fillMask(source, 127)), inpaintHint(map, fillMapMask(map))];
  expect(apart(fromSource.values, fromMap.values)).toBeLessThan(0.004);
  expect(fillMask(source, 128).data).toEqual(Uint8Array.of(0, 0, 255, 255, 255, 255, 255, 255));
  const photo = readGolden("sources/chelsea.png");
  expect(same((await run(inpaint, photo)).data, photo.data)).toBe(true);
});

test("a mask of another size is refused", () => {
  const plane = { width: 3, height: 2, data: new Uint8Array(6) };
  expect(() =>
    inpaintHint(
      painted(2, 3, () => [0]),
      plane,
    ),
  ).toThrow(/3x2 for a picture of 2x3/);
});

test("a silhouette is the opaque part of a picture with transparency, whatever its colours", async () => {
  const ring = painted(60, 50, (x, y) => {
    const away = Math.hypot(x - 30, y - 25);
    return [x % 2 ? 255 : 0, 80, y, away < 20 && away > 8 ? 255 : away <= 8 ? 90 : 0];
  });
  const map = await run(silhouette, ring, { area: 0 });
  expect(overlap(map, (x, y) => Math.hypot(x - 30, y - 25) < 20 && Math.hypot(x - 30, y - 25) > 8)).toBe(1);
  expect(
    new Set(
      (
        await run(
          silhouette,
          painted(4, 4, () => [9, 9, 9, 0]),
        )
      ).data,
    ),
  ).toEqual(new Set([0, 255]));
});

test("on an opaque ground it is what a jump in colour parts from the picture's edge", async () => {
  const dice = random(2);
  // A ground that goes from dark to bright, with grain; a disc in the ground's middle tone, but red.
  const disc = (x: number, y: number) => Math.hypot(x - 90, y - 60) < 35;
  const source = painted(180, 120, (x, y) => {
    const grain = Math.round(6 * (dice() - 0.5));
    return disc(x, y)
      ? [190 + grain, 60 + grain, 50]
      : [70 + 0.5 * x + grain, 75 + 0.5 * x + grain, 90 + 0.4 * x + grain];
  });
  expect(overlap(await run(silhouette, source), disc)).toBeGreaterThan(0.96);
});

test("a closed outline is filled, an open one is not", async () => {
  const outlined = (gap: number) =>
    painted(100, 100, (x, y) => {
      const away = Math.hypot(x - 50, y - 50);
      return away < 32 && away > 28 && !(y > 50 && Math.abs(x - 50) < gap) ? [20] : [250];
    });
  expect(overlap(await run(silhouette, outlined(0)), (x, y) => Math.hypot(x - 50, y - 50) < 32)).toBeGreaterThan(0.95);
  const open = await run(silhouette, outlined(8));
  expect(open.data[4 * (50 * 100 + 50)]).toBe(0);
  expect(open.data[4 * (50 * 100 + 20)]).toBe(255);
});

test("a subject that the picture's edge cuts off is still found", async () => {
  const bust = (x: number, y: number) => Math.hypot(x - 80, y - 50) < 24 || (y > 70 && Math.abs(x - 80) < 30);
  const map = await run(
    silhouette,
    painted(160, 120, (x, y) => (bust(x, y) ? [160, 90, 60] : [205, 210, 220])),
  );
  expect(overlap(map, bust)).toBeGreaterThan(0.95);
});

test("a tolerance says how large a jump is: a faint thing is ground above it and subject below", async () => {
  const faint = painted(80, 80, (x, y) => (Math.hypot(x - 40, y - 40) < 20 ? [138] : [120]));
  const middle = (map: Pixels) => map.data[4 * (40 * 80 + 40)];
  expect(middle(await run(silhouette, faint, { tolerance: 4 }))).toBe(255);
  expect(middle(await run(silhouette, faint, { tolerance: 15 }))).toBe(0);
});

test("a flat or grainy picture has no subject", async () => {
  const dice = random(9);
  for (const source of [painted(50, 40, () => [120]), painted(90, 70, () => [120 + Math.round(8 * dice())])]) {
    expect((await run(silhouette, source)).data.filter((_, i) => i % 4 === 0).every((value) => value === 0)).toBe(true);
  }
});

test("a cushion rises from the outline as a quarter of a circle", () => {
  const row = { width: 11, height: 1, data: Uint8Array.of(0, 9, 9, 9, 9, 0, 0, 1, 1, 1, 0) };
  const round = (way: number, widest: number) => Math.round(255 * Math.sqrt(1 - (1 - way / widest) ** 2));
  expect([...finished(inflated(row, { base: 0, each: false })).data]).toEqual(
    [0, 1, 2, 2, 1, 0, 0, 1, 2, 1, 0].map((way) => (way === 0 ? 0 : round(way, 2))),
  );
  const parts = { width: 9, height: 1, data: Uint8Array.of(0, 1, 0, 1, 1, 1, 1, 1, 0) };
  expect([...finished(inflated(parts, { base: 0, each: false })).data].map((v) => v === 255)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect([...finished(inflated(parts, { base: 0, each: true })).data].map((v) => v === 255)).toEqual([
    false,
    true,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(finished(inflated(parts, { base: 1, each: false })).data).toEqual(
    Uint8Array.of(0, 255, 0, 255, 255, 255, 255, 255, 0),
  );
  expect(
    finished(inflated({ width: 2, height: 2, data: new Uint8Array(4).fill(1) }, { base: 0, each: false })).data,
  ).toEqual(new Uint8Array(4).fill(255));
});

test("the depth of a disc is a ball's: near in the middle, falling evenly to the rim, the ground black", async () => {
  const disc = painted(101, 101, (x, y) => [200, 40, 40, Math.hypot(x - 50, y - 50) < 40 ? 255 : 0]);
  const { data } = await run(depthSilhouette, disc);
  const along = Array.from({ length: 51 }, (_, x) => data[4 * (50 * 101 + x)] as number);
  expect(along.slice(0, 10)).toEqual(new Array(10).fill(0));
  expect(along[50]).toBe(255);
  for (let x = 11; x <= 50; x++) {
    const ball = Math.sqrt(1 - ((50 - x) / 40) ** 2) * 255;
    expect(along[x]).toBeGreaterThanOrEqual(along[x - 1] as number);
    if (x > 14) expect(Math.abs((along[x] as number) - ball)).toBeLessThan(8);
  }
});
