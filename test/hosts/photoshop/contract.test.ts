import { hostContract } from "@underdraw/sdk/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { photoshopKit } from "./kit.ts";

describe.each([8, 16] as const)("the built plugin in documents of %s bits", (depth) => {
  let kit: Awaited<ReturnType<typeof photoshopKit>>;
  beforeAll(async () => {
    kit = await photoshopKit(depth);
  });
  afterEach(() => {
    expect(kit.ps.leaks).toEqual({ handles: 0, bytes: 0 });
    expect(kit.ps.problems).toEqual([]);
  });
  afterAll(() => kit?.ps.quit());

  test.each(hostContract.map(({ name, run }) => ({ name, run })))("$name", async ({ run }) => {
    const outcome = await run(kit);
    if (outcome !== "passed") expect(outcome.skipped).not.toBe("");
  });
});
