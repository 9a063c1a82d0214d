import { readFileSync } from "node:fs";
import { type ConnectedHost, connectHost } from "@underdraw/sdk";
import { type OutputOptions, type RollupOptions, rollup } from "rollup";
import configs from "../../../plugins/photoshop/bundles.mjs";
import { type NodePhotoshop, openPhotoshop, type PhotoshopOptions } from "../../hosts/photoshop/index.ts";

let built: Promise<string> | undefined;

/** Photoshop's side of the plugin as the build makes it, once for all tests of a file. */
export function hostScript(): Promise<string> {
  built ??= (async () => {
    const config = (configs as unknown as RollupOptions[]).find(({ input }) => String(input).endsWith("host/main.ts"));
    if (!config) throw new Error("bundles.mjs no longer makes Photoshop's side.");
    const bundle = await rollup(config);
    const { output } = await bundle.generate(config.output as OutputOptions);
    await bundle.close();
    return output[0].code;
  })();
  return built;
}

/**
 * A simulated Photoshop with the real plugin in it, its panel open, and a test in place of its page. `files` replaces
 * files of the package; null takes one away.
 */
export async function openPlugin(
  options: Partial<PhotoshopOptions> = {},
  files: Readonly<Record<string, string | null>> = {},
): Promise<NodePhotoshop> {
  const all: Readonly<Record<string, string | null>> = {
    "index.html": readFileSync("plugins/photoshop/src/host/index.html", "utf8"),
    "main.js": await hostScript(),
    "webview/index.html": "<!doctype html>",
    ...files,
  };
  const there = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  const manifest = readFileSync("plugins/photoshop/manifest.json", "utf8");
  const ps = await openPhotoshop({ plugin: { manifest, files: Object.fromEntries(there) }, ...options });
  await ps.showPanel();
  return ps;
}

/** Connects to the plugin as its page does. */
export async function connected(ps: NodePhotoshop): Promise<ConnectedHost> {
  const page = await ps.page();
  return connectHost(page.port(), { timeoutMs: 5000 });
}
