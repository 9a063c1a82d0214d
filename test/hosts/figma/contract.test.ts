import { hostContract } from "@underdraw/sdk/testing";
import { beforeAll, expect, test } from "vitest";
import { buildPlugin, figmaKit } from "./kit.ts";
import { newerSyntax } from "./syntax.ts";

// The built plugin, behind its own port and `connectHost`, keeps what every host promises.

let kit: Awaited<ReturnType<typeof figmaKit>>;

beforeAll(async () => {
  kit = await figmaKit();
});

test("main is ES2017", async () => {
  expect(newerSyntax((await buildPlugin()).main)).toEqual([]);
});

test.each(hostContract)("$name", async ({ run }) => {
  const outcome = await run(kit);
  if (outcome !== "passed") expect(outcome.skipped).toMatch(/\w/);
});
