import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { runCase, tensorsIn } from "../parity/run-case.ts";

// Every case is a small model with random weights, a request, and the numbers that Hugging Face diffusers got for them.

const golden = "test/golden/parity";
const cases = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "make")
  .map(({ name }) => name);
const tolerances = z.object({ tolerance: z.record(z.string(), z.array(z.number())).optional() });

test.each(cases)("%s has the numbers of diffusers", { timeout: 120_000 }, async (name) => {
  const folder = join(golden, name);
  const expected = tensorsIn(folder, "expected.safetensors");
  const { tolerance } = tolerances.parse(parseCase(readFileSync(join(folder, "case.json"), "utf8")));
  const actual = await runCase(folder, () => {});
  const faults = [...expected].flatMap(([key, tensor]) => {
    const fault = disagreement(key, tensor, actual.get(key), limitOf(key, tolerance));
    return fault ? [fault] : [];
  });
  expect(faults).toEqual([]);
  // Those of a tokenizer have most, one picture without a net the fewest.
  expect(expected.size).toBeGreaterThan(12);
});

test("the comparison itself notices a small error, a missing tensor and a wrong shape", () => {
  const tensor = (values: number[], dims = [values.length]) => ({ dims, values: Float32Array.from(values) });
  expect(disagreement("x", tensor([1, 2, 3]), tensor([1, 2, 3.001]), 3e-5)).toContain("off by");
  expect(disagreement("x", tensor([1, 2, 3]), tensor([1, 2, 3.00001]), 3e-5)).toBe(null);
  expect(disagreement("x", tensor([1]), undefined, 1)).toContain("not written");
  expect(disagreement("x", tensor([1, 2]), tensor([1, 2], [2, 1]), 1)).toContain("[2,1]");
  expect(disagreement("x", tensor([0, 0]), tensor([0, 1e-5]), 1)).toContain("not zero");
});
