import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { gradientCases, largeConvolutions } from "../engine/gradient-cases.ts";
import { relativeError } from "../engine/gradient-numbers.ts";
import { gradientsOn } from "../engine/gradient-run.ts";
import { type FileTensor, parseTensors } from "../parity/tensor-file.ts";

// Every gradient on the providers of a browser, with no operation left to another, against PyTorch's in float64: those
// that the test in Node holds against differences too.

const rules = new URL("../golden/training/rules.safetensors", import.meta.url).href;

describe.each([
  ["webgpu", "gpu"],
  ["webgpu", "cpu"],
  ["cpu", "cpu"],
] as const)("gradients on %s in the form for a %s", (device, form) => {
  let runtime: Runtime;
  let golden: ReadonlyMap<string, FileTensor>;
  beforeAll(async () => {
    golden = parseTensors(rules, new Uint8Array(await (await fetch(rules)).arrayBuffer()));
    runtime = await openRuntime({ device, strict: true });
  });
  afterAll(() => runtime.dispose());

  test.each(gradientCases.map((one) => [one.name, one] as const))("%s", async (name, one) => {
    for (const [leaf, found] of await gradientsOn(runtime, one, form))
      expect(relativeError(found, golden.get(`${name}/${leaf}`)?.values as Float32Array), leaf).toBeLessThan(1e-5);
  });

  const pieced = form === "cpu" ? largeConvolutions : [];
  test.each(pieced.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const right = await gradientsOn(runtime, one, "gpu");
    for (const [leaf, found] of await gradientsOn(runtime, one, "cpu"))
      expect(relativeError(found, right.get(leaf) as Float32Array), leaf).toBeLessThan(1e-5);
  });
});
