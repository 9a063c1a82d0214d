import { createHash } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nodeModel } from "@underdraw/engine/node";
import { memoryPlace } from "@underdraw/engine/training";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isOwnKey } from "../../engine/src/graph/training-step.ts";
import { control, counted, request } from "./promises-parts.ts";
import { tinyBase, tinyFiles } from "./trainer-base.ts";
import {
  digestOf,
  netDigest,
  only,
  quick,
  reportIn,
  shareEngine,
  side,
  squares,
  tensorsIn,
  testEngine,
  testTrainer,
  trained,
} from "./trainer-parts.ts";
import { contentOf } from "./training-files-contract.ts";

// What a training promises of the base: the net begins by changing nothing, and what is locked stays as it was.

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
shareEngine();

const unet = "unet/diffusion_pytorch_model.safetensors";

/** A picture of the tiny base, with a net or without. */
const asked = (nets: readonly string[]) =>
  request(
    nets.map((net) => control(net)),
    { width: side, height: side, steps: 2 },
  );

/** SHA-256 over the keys in order, each with a line feed and the SHA-256 of its numbers in float32. */
function digestOfTensors(tensors: ReadonlyMap<string, Float32Array>): string {
  const whole = createHash("sha256");
  for (const key of [...tensors.keys()].sort()) {
    const { buffer, byteOffset, byteLength } = tensors.get(key) as Float32Array;
    whole.update(`${key}\n`).update(
      createHash("sha256")
        .update(new Uint8Array(buffer, byteOffset, byteLength))
        .digest(),
    );
  }
  return whole.digest("hex");
}

describe("a fresh net", () => {
  test("draws what the base draws, bit for bit, and the base does so after a training too", async () => {
    const engine = testEngine();
    const base = await tinyBase();
    await using trainer = await testTrainer({ base }, engine);
    const pipeline = await engine.load({ base, nets: { net: await trainer.net() } });
    const alone = await counted(pipeline, asked([]));
    const steered = await counted(pipeline, asked(["net"]));
    expect(steered.ran).toMatchObject({ "net.control": 2 });
    expect(steered.result.pixels.data).toEqual(alone.result.pixels.data);
    await pipeline.dispose();

    const moments = await trained(trainer, { steps: 2, heldOut: 2, learningRate: 1e-2, sampleSteps: 2 });
    expect(reportIn(moments).firstDifference).toBe(0);
    const after = await engine.load({ base, nets: { net: await trainer.net() } });
    expect((await counted(after, asked([]))).result.pixels.data).toEqual(alone.result.pixels.data);
    // The net that has learnt changes the picture: the comparison above can fail.
    expect((await counted(after, asked(["net"]))).result.pixels.data).not.toEqual(alone.result.pixels.data);
  });

  test("moves its zero convolutions alone in its first step, and everything in the next", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("run");
    await trained(trainer, { steps: 2, decay: 0, place, checkpointEvery: 1 });
    const [first, second] = await Promise.all(
      [1, 2].map(async (step) =>
        tensorsIn((await contentOf(place, `checkpoint-00000${step}.safetensors`)) as Uint8Array<ArrayBuffer>),
      ),
    );
    const before = tensorsIn((await tinyFiles())[unet] as Uint8Array<ArrayBuffer>);
    const keyOf = (name: string) => name.slice("p.control_model.".length).replace(/:[\d,]*$/, "");
    const names = [...(first?.keys() ?? [])].filter((name) => name.startsWith("p."));
    const isZero = (name: string) => isOwnKey(keyOf(name)) && !name.includes("cond_embedding");
    // Four skips and the middle, weight and bias each.
    expect(names.filter(isZero)).toHaveLength(10);
    let compared = 0;
    for (const name of names) {
      const moments = [first, second].map((state) => state?.get(`m.${name.slice(2)}`) ?? new Float32Array());
      const moved = moments.map((values) => values.some((value) => value !== 0));
      // Keys have no gradient of their biases: attention sees their differences alone.
      expect(moved, name).toEqual([isZero(name), true]);
      const copied = before.get(keyOf(name));
      if (!copied || isOwnKey(keyOf(name))) continue;
      compared++;
      expect(digestOf(first?.get(name) ?? null), name).toBe(digestOf(copied));
    }
    expect(compared).toBeGreaterThan(50);
  });
});

describe("what is locked", () => {
  test("has a digest that anybody can make from the base's files, the same before and after", async () => {
    const report = reportIn(await trained(await testTrainer(), { steps: 2 }));
    const files = tensorsIn((await tinyFiles())[unet] as Uint8Array<ArrayBuffer>);
    expect(report.lockedBefore).toBe(digestOfTensors(files));
    expect(report.lockedAfter).toBe(report.lockedBefore);
    expect(report.locked).toBe([...files.values()].reduce((sum, { length }) => sum + length, 0));
  });

  test("is told when its file changes under the run, and then no report says that it did not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "underdraw-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [path, content] of Object.entries(await tinyFiles())) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    await using trainer = await testTrainer({ base: nodeModel(folder) });
    const seen: string[] = [];
    const run = async () => {
      for await (const moment of trainer.run(squares(), { ...quick, steps: 2 })) {
        seen.push(moment.kind);
        if (moment.kind !== "step" || moment.step !== 1) continue;
        const file = openSync(join(folder, unet), "r+");
        // One number in the middle of the weights.
        writeSync(file, Float32Array.of(0.125), 0, 4, 8 + 60_000 * 4);
        closeSync(file);
      }
    };
    await expect(run()).rejects.toMatchObject({ code: "locked-changed" });
    expect(seen).not.toContain("end");
    await expect(trainer.write(memoryPlace("net"), { name: "net", licence: "CC0-1.0" })).rejects.toMatchObject({
      code: "locked-changed",
    });
  });
});

describe("a net that was trained", () => {
  test("is written with its card and report after the end, and after a stop too", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("net");
    const about = { name: "squares", licence: "CC0-1.0" };
    await expect(trainer.write(place, about)).rejects.toThrow("Nothing was trained yet");
    for await (const moment of trainer.run(squares(), quick)) if (moment.kind === "step" && moment.step === 2) break;
    await trainer.write(place, about);
    const report = JSON.parse(new TextDecoder().decode((await contentOf(place, "report.json")) ?? undefined));
    expect(report).toMatchObject({ steps: 2, pairs: 8, heldOut: 0, firstDifference: 0 });
    expect(report.lockedAfter).toBe(report.lockedBefore);
    expect(report.curve.map(([step]: [number]) => step)).toEqual([1, 2]);
    const written = await contentOf(place, "diffusion_pytorch_model.safetensors");
    expect(digestOf(written)).toBe(await netDigest(trainer));
    const moments = await trained(trainer);
    expect(only(moments, "step").map(({ step }) => step)).toEqual([3]);
    await trainer.write(place, about);
    const whole = JSON.parse(new TextDecoder().decode((await contentOf(place, "report.json")) ?? undefined));
    expect(whole).toEqual(JSON.parse(JSON.stringify(reportIn(moments))));
  });

  test("is whole when it is asked for while a step is made", async () => {
    await using trainer = await testTrainer();
    const run = trainer.run(squares(), { ...quick, steps: 4 })[Symbol.asyncIterator]();
    let next = await run.next();
    while (next.value?.kind !== "step") next = await run.next();
    const still = await netDigest(trainer);
    const [net] = await Promise.all([netDigest(trainer), run.next()]);
    expect(net).toBe(still);
    expect(await netDigest(trainer)).not.toBe(still);
    await run.return?.();
  });
});
