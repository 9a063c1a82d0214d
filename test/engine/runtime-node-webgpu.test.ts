import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { Graph } from "../../engine/src/graph/graph.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Tensor } from "../../engine/src/runtime/runtime.ts";
import { feeds, place, testNet } from "./runtime-net.ts";
import { distance, evaluate, seeded, seededWeights } from "./runtime-reference.ts";

// onnxruntime-node's own WebGPU, on the software adapter that comes with Debian's Chromium. Its attention is wrong there
// (small subgroups), which is the case that the self-test is for; all else is right.

const icd = "/usr/lib/chromium/vk_swiftshader_icd.json";
const named = process.env["VK_ICD_FILENAMES"];
if (named === undefined && existsSync(icd)) process.env["VK_ICD_FILENAMES"] = icd;
// The adapter is found through the system's own loader; Chromium keeps another one for itself.
const loader = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"].some((folder) =>
  existsSync(`${folder}/libvulkan.so.1`),
);
const software = process.env["VK_ICD_FILENAMES"] === icd && loader;
if (!software)
  console.warn(
    `Skipped: ${named !== undefined ? `VK_ICD_FILENAMES names ${named}` : existsSync(icd) ? "libvulkan.so.1 is not there (Debian: libvulkan1)" : `${icd} is not there`}.`,
  );

test.skipIf(!software)("an adapter that computes attention wrongly is refused with the reason", async () => {
  await expect(openRuntime({ device: "webgpu" })).rejects.toMatchObject({
    code: "webgpu-unavailable",
    details: { reason: expect.stringMatching(/attention/) },
  });
});

test.skipIf(!software)("all but attention computes as plain loops do, in strict mode", async () => {
  const whole = testNet("float32");
  // The net up to the rows that attention would read.
  const nodes = whole.nodes.slice(
    0,
    whole.nodes.findIndex(({ op }) => op === "MultiHeadAttention"),
  );
  const outputs = [{ name: "q", type: "float32", dims: ["batch", "count", 8] }] as const;
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const graph: Graph = {
    ...whole,
    nodes: nodes.filter(({ outputs: [name = ""] }) => !/^[kv](\.rows)?$/.test(name)),
    outputs,
    inputs: whole.inputs.filter(({ name }) => used.has(name)),
    weights: whole.weights.filter(({ name }) => used.has(name) && !/^[kv]\./.test(name)),
  };
  const runtime = await openRuntime({ device: "webgpu", untested: true, strict: true });
  expect(runtime.provider).toBe("webgpu");
  const session = await runtime.open(graph, seededWeights());
  const inputs = feeds(2, 4, 5, seeded);
  const { q } = await session.run(place(runtime, graph, inputs));
  expect(
    distance(await runtime.read(q as Tensor), evaluate(graph, seededWeights(), inputs)["q"] as never),
  ).toBeLessThan(1e-4);
  await runtime.dispose();
});
