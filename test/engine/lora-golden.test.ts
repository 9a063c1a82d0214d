import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { openLora, withLoras } from "../../engine/src/models/lora.ts";
import { nodeModel } from "../../engine/src/models/node-files.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { parseTensors } from "../parity/tensor-file.ts";

// Each case is LoRAs, for the base of the parity cases, and samples of the weights that diffusers or peft make of it, or
// float64 arithmetic where they cannot read a spelling. A tensor that is not named must keep its bytes.

const golden = "test/golden/lora";
const use = z.object({ file: z.string(), weight: z.number(), textWeight: z.number() });
const { step, cases } = z
  .object({ step: z.int(), cases: z.array(z.object({ name: z.string(), by: z.string(), uses: z.array(use) })) })
  .parse(JSON.parse(readFileSync(join(golden, "case.json"), "utf8")));
const file = join(golden, "expected.safetensors");
const expected = parseTensors(file, new Uint8Array(readFileSync(file)));
const baseFolder = nodeModel("test/golden/parity/sd15-tiny/base");

const floatsOf = (tensors: Tensors, key: string): Float32Array => {
  const into = new Float32Array(countOf(tensors.shape(key)));
  tensors.read(key, into);
  return into;
};

/** The largest error against the expected samples, as a share of the samples' root mean square. */
function errorOf(actual: Float32Array, samples: Float32Array): number {
  expect(samples.length).toBe(Math.ceil(actual.length / step));
  const size = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  return samples.reduce((most, x, n) => Math.max(most, Math.abs(x - (actual[n * step] as number))), 0) / size;
}

test.each(cases)("$name has the weights of $by", async ({ name, uses }) => {
  const plain = await openBase(baseFolder);
  const loras = await Promise.all(
    uses.map(async ({ file, ...strength }) => ({ lora: await openLora(nodeModel(join(golden, file))), ...strength })),
  );
  const base: BaseModel = withLoras(plain, loras);
  expect(base.warnings).toEqual(plain.warnings);
  const wrong: string[] = [];
  let changed = 0;
  for (const network of ["unet", "text"] as const)
    for (const key of plain[network].tensors.keys()) {
      const actual = floatsOf(base[network].tensors, key);
      const before = floatsOf(plain[network].tensors, key);
      const samples = expected.get(`${name}/${network}/${key}`);
      if (!samples) {
        if (Buffer.compare(new Uint8Array(actual.buffer), new Uint8Array(before.buffer)) !== 0)
          wrong.push(`${key} changed`);
        continue;
      }
      changed++;
      const error = errorOf(actual, samples.values as Float32Array);
      // Some roundings of float32; the change itself is hundreds of times as large.
      if (!(error <= 2e-6)) wrong.push(`${key} is off by ${error.toExponential(1)}`);
      if (errorOf(before, samples.values as Float32Array) < 1e-3) wrong.push(`${key} should change`);
    }
  expect(wrong).toEqual([]);
  expect(changed).toBe([...expected.keys()].filter((key) => key.startsWith(`${name}/`)).length);
  for (const { lora } of loras) lora.close();
  plain.close();
});
