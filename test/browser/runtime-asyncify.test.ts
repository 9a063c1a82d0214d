import { afterAll, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Tensor } from "../../engine/src/runtime/runtime.ts";
import { feeds, place, testNet } from "../engine/runtime-net.ts";
import { distance, evaluate, seeded, seededWeights } from "../engine/runtime-reference.ts";

// What a browser without JSPI gets: the other build of onnxruntime-web, whose .wasm file is named here by its folder.

const suspending = Object.getOwnPropertyDescriptor(WebAssembly, "Suspending");
Reflect.deleteProperty(WebAssembly, "Suspending");
afterAll(() => {
  if (suspending) Object.defineProperty(WebAssembly, "Suspending", suspending);
});
const assets = new URL("../../node_modules/onnxruntime-web/dist", import.meta.url).href;

test.each(["webgpu", "cpu"] as const)("without JSPI the same net computes the same on %s", async (device) => {
  // Without subgroups attention is right on a software adapter; the test of the device is in another file.
  const gpu = device === "webgpu" ? await (await navigator.gpu.requestAdapter())?.requestDevice() : undefined;
  const runtime = await openRuntime({ device, assets, strict: true, untested: true, ...(gpu ? { gpu } : {}) });
  expect("Suspending" in WebAssembly).toBe(false);
  const graph = testNet("float32");
  const session = await runtime.open(graph, seededWeights());
  const inputs = feeds(1, 4, 6, seeded);
  const results = await Promise.all([1, 2].map(() => session.run(place(runtime, graph, inputs))));
  const right = evaluate(graph, seededWeights(), inputs);
  for (const result of results)
    for (const name of ["y", "a"])
      expect(distance(await runtime.read(result[name] as Tensor), right[name] as never)).toBeLessThan(1e-4);
  expect(session.runs).toBe(2);

  const fault = new UnderdrawError("file-invalid", "The file is cut.", { file: "a", reason: "it is cut" });
  const broken = () => {
    throw fault;
  };
  await expect(runtime.open(graph, { read: broken })).rejects.toBe(fault);
  await session.run(place(runtime, graph, inputs));
  await runtime.dispose();
  gpu?.destroy();
});
