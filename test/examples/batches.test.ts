import { Engine, type Pipeline } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawBatch, drawNear } from "../../examples/generate/batches.ts";

const base = "test/golden/parity/sd15-tiny/base";
const request = { prompt: "a boat", controls: [], width: 64, height: 48, steps: 2, guidance: 1, sampler: "euler" };
let engine: Engine;
let pipeline: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  pipeline = await engine.load({ base: nodeModel(base) });
}, 60_000);
afterAll(() => engine.dispose());

const bytes = (pictures: Awaited<ReturnType<typeof drawBatch>>) => pictures.map(({ pixels }) => pixels.data.join());

test("a batch is of one seed, given or not, and all its pictures differ", async () => {
  const free = await drawBatch(pipeline, request, 3);
  expect(new Set(free.map(({ seed }) => seed)).size).toBe(1);
  expect(new Set(bytes(free)).size).toBe(3);
  const again = await drawBatch(pipeline, { ...request, seed: free[0]?.seed ?? 0n }, 3);
  expect(bytes(again)).toEqual(bytes(free));
});

test("variations are the picture itself at 0, differ from it and one another above, and the more the further", async () => {
  const near = (strength: number, count: number) =>
    drawNear(pipeline, { ...request, seed: 7n }, { first: 20n, count, strength });
  const away = (one: ArrayLike<number>, other: ArrayLike<number>) =>
    Array.from(one).reduce((sum, level, i) => sum + Math.abs(level - (other[i] ?? 0)), 0);
  const [own] = await near(0, 1);
  const [little, other] = await near(0.1, 2);
  const [much] = await near(0.7, 1);
  if (!own || !little || !other || !much) throw new Error("Nothing was drawn.");
  expect(new Set(bytes([own, little, other, much])).size).toBe(4);
  expect(away(own.pixels.data, much.pixels.data)).toBeGreaterThan(away(own.pixels.data, little.pixels.data));
});
