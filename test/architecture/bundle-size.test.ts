import { gzipSync } from "node:zlib";
import { type OutputOptions, type RollupOptions, rollup } from "rollup";
import { expect, test } from "vitest";
import configs from "../../rollup.config.js";

test("what Figma's sandbox loads is one script below 40 kB, and below 16 kB compressed", async () => {
  const config = (configs as unknown as RollupOptions[]).find(
    ({ input }) => input === "plugins/figma/src/main/main.ts",
  );
  if (!config) throw new Error("rollup.config.js no longer makes Figma's sandbox script.");
  const bundle = await rollup(config);
  const { output } = await bundle.generate(config.output as OutputOptions);
  const scripts = output.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
  expect(scripts).toHaveLength(1);
  const [code = ""] = scripts;
  expect(code.length).toBeGreaterThan(5_000);
  expect(Buffer.byteLength(code)).toBeLessThan(40_000);
  expect(gzipSync(code).length).toBeLessThan(16_000);
});
