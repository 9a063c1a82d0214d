import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, type GenerateRequest, type Pipeline, type Pixels, type Tensor } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { parseTensors } from "../parity/tensor-file.ts";

// The pack, drawn from by the engine and by diffusers with the same noise. What diffusers drew lies in test/golden/mini,
// beside the script that makes it; it holds for one pack, whose files it names.

const golden = "test/golden/mini";
const control = z.object({ net: z.string(), map: z.string(), weight: z.number() });
const requests = z.object({
  steps: z.int(),
  guidance: z.number(),
  width: z.int(),
  height: z.int(),
  cases: z.record(
    z.string(),
    z.object({
      prompt: z.string(),
      seed: z.int(),
      halves: z.tuple([z.number(), z.number()]),
      controls: z.array(control),
    }),
  ),
  pack: z.record(z.string(), z.string()),
});
const { cases, pack, ...settings } = requests.parse(JSON.parse(readFileSync(join(golden, "case.json"), "utf8")));
const listed: { name: string; sha256: string }[] = JSON.parse(
  readFileSync(join(miniFolder(), "manifest.json"), "utf8"),
).files;
const now = Object.fromEntries(listed.map(({ name, sha256 }) => [name, sha256]));
const changed = Object.keys(pack).filter((name) => pack[name] !== now[name]);

const pictureIn = async (name: string): Promise<Pixels> =>
  (await readPicture(new Uint8Array(readFileSync(join(golden, name))), { name })).pixels;

/** Decibels between two pictures, colours alone. */
function psnr(a: Pixels, b: Pixels): number {
  let square = 0;
  for (let i = 0; i < a.data.length; i++) if (i % 4 < 3) square += ((a.data[i] ?? 0) - (b.data[i] ?? 0)) ** 2;
  return 10 * Math.log10(255 ** 2 / (square / (a.data.length * 0.75)));
}

let engine: Engine | undefined;
let pipeline: Pipeline | undefined;
beforeAll(async () => {
  if (changed.length > 0) return;
  engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
  pipeline = await engine.load({ nets: ["lines", "colour"] });
});
afterAll(() => engine?.dispose());

test.for(Object.keys(cases))(
  "the engine draws what diffusers draws: %s",
  { timeout: 120_000 },
  async (name, { skip }) => {
    if (changed.length > 0)
      skip(`the pack is not the one that diffusers drew from (${changed[0]} changed): run ${golden}/make.py again`);
    const asked = cases[name];
    if (!asked || !pipeline) throw new Error(`No case ${name}.`);
    const { controls, halves, ...words } = asked;
    const request: GenerateRequest = {
      ...settings,
      ...words,
      controls: await Promise.all(
        controls.map(async ({ net, map, weight }) => ({
          net,
          weight,
          halves,
          map: { condition: net, pixels: await pictureIn(map) },
        })),
      ),
    };
    const seen = new Map<string, Tensor>();
    const trace = (key: string, tensor: Tensor): void => {
      if (key === "latents.final") seen.set(key, tensor);
    };
    const { pixels } = await pipeline.generate(request, { measure: false, trace });
    const expected = await pictureIn(`${name}.png`);
    expect([pixels.width, pixels.height]).toEqual([expected.width, expected.height]);
    const latents = parseTensors(name, new Uint8Array(readFileSync(join(golden, `${name}.safetensors`)))).get(
      "latents",
    );
    const drawn = seen.get("latents.final");
    if (!latents || !drawn) throw new Error("No latents to compare.");
    let [error, size] = [0, 0];
    for (const [i, value] of latents.values.entries()) {
      error += (Number(value) - Number(drawn.values[i])) ** 2;
      size += Number(value) ** 2;
    }
    console.log(
      `${name}: ${psnr(pixels, expected).toFixed(1)} dB, latents off by ${Math.sqrt(error / size).toExponential(1)}`,
    );
    expect(Math.sqrt(error / size)).toBeLessThan(1e-3);
    expect(psnr(pixels, expected)).toBeGreaterThan(45);
  },
);

test("the measure tells two pictures of one pack apart", async () => {
  const [one, other] = await Promise.all([pictureIn("both.png"), pictureIn("halves.png")]);
  expect(psnr(one, other)).toBeLessThan(20);
  expect(psnr(one, one)).toBe(Number.POSITIVE_INFINITY);
});
