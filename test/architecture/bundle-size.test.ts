import { gzipSync } from "node:zlib";
import { type OutputOptions, type RollupOptions, rollup } from "rollup";
import { expect, test } from "vitest";
import configs from "../../rollup.config.js";

test("what Figma's sandbox loads stays at or below 12 kB compressed", async () => {
  const config = (configs as unknown as RollupOptions[]).find(
    ({ input }) => input === "plugins/figma/src/main/main.ts",
  );
  if (!config) throw new Error("rollup.config.js no longer makes Figma's sandbox script.");
  const bundle = await rollup(config);
  const { output } = await bundle.generate(config.output as OutputOptions);
  const bytes = gzipSync(output[0].code).length;
  expect(output).toHaveLength(1);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThanOrEqual(12_000);
});
