import { afterAll, expect, test, vi } from "vitest";
import { kv } from "../../engine/src/graph/index.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Tensor } from "../../engine/src/runtime/runtime.ts";
import { unevenUnet } from "./published-configs.ts";
import { randomWeights, uniform } from "./random-weights.ts";

// A network's shape inputs, over the sizes that a person goes through.

const runtime = await openRuntime({ device: "cpu" });
afterAll(() => runtime.dispose());

/** Whether a tensor was not freed. */
const lives = (tensor: Tensor): boolean => {
  try {
    return "value" in tensor && tensor.value !== null;
  } catch {
    return false;
  }
};

test("a network that went through many sizes keeps no tensors of those long past, and computes the same", async () => {
  const network = await openNetwork(runtime, kv(unevenUnet, "float32"), randomWeights());
  const making = vi.spyOn(runtime, "tensor");
  const shapes = () =>
    making.mock.results.flatMap(({ value }) => (value.type === "int64" && lives(value) ? [value] : []));
  const next = uniform(5);
  const width = unevenUnet.contextWidth;
  const numbers = Float32Array.from({ length: 40 * width }, next);
  const run = async (context: number): Promise<Float32Array> => {
    const states = runtime.tensor("float32", [1, context, width], numbers.slice(0, context * width));
    const outputs = Object.values(await network.run({ states }, { batch: 1, height: 8, width: 8, context }));
    const read = await runtime.read(outputs[0] as Tensor);
    for (const tensor of [states, ...outputs]) tensor.dispose();
    return read;
  };
  const first = await run(1);
  const each = shapes().length;
  expect(each).toBeGreaterThan(0);
  for (let context = 2; context <= 20; context++) await run(context);
  expect(shapes().length).toBeLessThanOrEqual(8 * each);
  expect(await run(1)).toEqual(first);

  // Runs that wait for their turn, of more sizes than are kept, find theirs.
  const together = await Promise.all(Array.from({ length: 12 }, (_, n) => run(20 + n)));
  for (const [n, found] of together.entries()) expect(await run(20 + n)).toEqual(found);
  expect(shapes().length).toBeLessThanOrEqual(8 * each);

  await network.release();
  expect(shapes()).toEqual([]);
  making.mockRestore();
});
