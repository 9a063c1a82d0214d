import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, silhouette } from "@underdraw/engine";
import { nodeFolder, nodePlace } from "@underdraw/engine/node";
import { memoryPlace, openPairs, openPictures } from "@underdraw/engine/training";
import { describe, expect, onTestFinished, test } from "vitest";
import { drawWith, lookAt, trainNet } from "../../examples/generate/train.ts";
import { tinyBase } from "../engine/trainer-base.ts";

// The fifty pairs of the guide, and its code at toy size: a base of random weights, pictures of 64 pixels, few steps.

const data = "examples/train/pairs";
const numbers = Array.from({ length: 50 }, (_, n) => n);
const pairs = () => openPairs(nodeFolder(data), { condition: "silhouette" });

describe("the fifty pairs", () => {
  test("are fifty pictures of 256 x 256 with words of their own, in less than 700 kB, under a licence that is told", async () => {
    const source = await pairs();
    expect(source.count).toBe(50);
    expect(source.warnings).toEqual([]);
    const read = await Promise.all(numbers.map((at) => source.read(at)));
    for (const { map, picture } of read)
      for (const { width, height } of [map, picture]) expect([width, height]).toEqual([256, 256]);
    expect(new Set(read.map(({ prompt }) => prompt)).size).toBe(50);
    const files = readdirSync(data, { recursive: true, encoding: "utf8" }).map((path) => statSync(join(data, path)));
    expect(files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)).toBeLessThan(700_000);
    expect(readFileSync(join(data, "NOTICE.txt"), "utf8")).toMatch(/author: Microsoft Corporation[\s\S]*MIT License/);
  });

  test("have the maps that our condition draws of their pictures, bit for bit", async () => {
    const [given, drawn] = [await pairs(), await openPictures(nodeFolder(join(data, "target")), silhouette())];
    const drawnAt = new Map(Array.from({ length: drawn.count }, (_, at) => [`target/${drawn.nameOf(at)}`, at]));
    for (const at of numbers) {
      const { name, map } = await given.read(at);
      const own = await drawn.read(drawnAt.get(name) as number);
      expect(Buffer.compare(Buffer.from(map.data), Buffer.from(own.map.data)), name).toBe(0);
    }
  });

  test("are sound, and there is nothing to say of them", async () => {
    expect(await lookAt(await pairs())).toEqual(["50 of 50 pairs can be learnt from."]);
  });
});

test("the guide's code trains a net on them, leaves the base as it is, writes the net and draws with it", {
  timeout: 300_000,
}, async () => {
  const out = await mkdtemp(join(tmpdir(), "net-"));
  onTestFinished(() => rm(out, { recursive: true }));
  const engine = new Engine({ runtime: { device: "cpu" } });
  onTestFinished(() => engine.dispose());
  const base = await tinyBase();
  const said: string[] = [];
  const report = await trainNet(engine, nodeFolder(data), nodePlace(out), {
    request: { base, width: 64, height: 64, batch: 2 },
    // A rate at which few steps show in a picture.
    settings: { steps: 3, learningRate: 3e-2, warmUp: 0, mirror: false, heldOut: 2, sampleSteps: 2 },
    onText: (text) => void said.push(text),
  });
  expect(report).toMatchObject({ steps: 3, pairs: 48, heldOut: 2, condition: "silhouette" });
  expect(report?.lockedAfter).toBe(report?.lockedBefore);
  expect(said.filter((text) => text.startsWith("step "))).toHaveLength(3);
  // Before the first step and after the last.
  expect(said.filter((text) => text.startsWith("follows by "))).toHaveLength(2);
  const files = readdirSync(out);
  for (const file of ["config.json", "diffusion_pytorch_model.safetensors", "README.md", "report.json"])
    expect(files).toContain(file);
  expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toMatchObject({
    steps: 3,
    lockedAfter: report?.lockedAfter,
  });

  const { picture } = await (await pairs()).read(0);
  const prompt = "flat emoji of octopus";
  const drawn = await drawWith(engine, nodeFolder(out), picture, { prompt, base });
  await using alone = await engine.load({ base });
  const { pixels } = await alone.generate({ prompt, controls: [], seed: 7 });
  expect(drawn.data).toHaveLength(pixels.data.length);
  expect(drawn.data).not.toEqual(pixels.data);
});

test("the guide's code tells what is wrong with a folder before it trains", async () => {
  const engine = new Engine({ runtime: { device: "cpu" } });
  onTestFinished(() => engine.dispose());
  const training = trainNet(engine, nodeFolder("examples/generate"), memoryPlace("nowhere"), { onText: () => {} });
  await expect(training).rejects.toMatchObject({ code: "training-data" });
});
