import { describe, expect, test } from "vitest";
import { fuzz } from "../fuzz/fuzz.ts";
import { spoiledBytes, spoiledJson } from "../fuzz/mutations.ts";
import { Random } from "../fuzz/random.ts";

// Spoiled files of every kind that is read: each is refused by an error of ours or read, in little time, without a file
// left open or one outside of the folder opened, and without a trace on what all objects inherit. `npm run fuzz` runs more.

const RUNS = 2800;

describe(`${RUNS} spoiled files`, () => {
  test("are refused by name or read, and nothing else happens", { timeout: 300_000 }, async () => {
    const { faults, outcomes, runs } = await fuzz({ seed: 15, runs: RUNS });
    expect(faults).toEqual([]);
    expect(runs).toBe(RUNS);
    expect(Object.keys(outcomes).sort()).toEqual([
      "config",
      "embedding",
      "index",
      "lora",
      "picture",
      "safetensors",
      "scheduler",
      "tokenizer",
    ]);
    // Spoiling that spoils nothing, or everything at its first byte, would prove little.
    for (const [target, counts] of Object.entries(outcomes)) {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      expect(total, target).toBeGreaterThan(100);
      expect(counts["read"] ?? 0, target).toBeLessThan(total * 0.7);
      if (target !== "index") expect(counts["read"] ?? 0, target).toBeGreaterThan(total * 0.01);
    }
  });

  test("are the same in every run", () => {
    const spoil = (seed: number) => {
      const random = new Random(seed);
      return [spoiledJson('{"a":[1,2,{"b":"c"}]}', random), ...spoiledBytes(Uint8Array.of(1, 2, 3, 4), random)];
    };
    expect(spoil(5)).toEqual(spoil(5));
    expect(spoil(5)).not.toEqual(spoil(6));
  });
});
