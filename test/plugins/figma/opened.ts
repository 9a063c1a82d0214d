import { readFileSync } from "node:fs";
import type { Pixels } from "@underdraw/engine";
import { type ConnectedHost, connectHost, type Port } from "@underdraw/sdk";
import { type OutputAsset, type OutputOptions, type RollupOptions, rollup } from "rollup";
import bundles from "../../../plugins/figma/bundles.mjs";
import { type NodeFigma, openFigma, type PluginFiles } from "../../hosts/figma/index.ts";

// The plugin as it is built, in the simulated editor, with a connected host where its panel would be.

/** Where a build without settings looks for its panel. */
export const panelAddress = "https://panel.underdraw.example/";

let files: Promise<PluginFiles> | undefined;

/** The built plugin: made once, in memory. */
export function pluginFiles(): Promise<PluginFiles> {
  files ??= (async () => {
    const [main, loader] = (bundles as RollupOptions[]).slice(0, 2) as [RollupOptions, RollupOptions];
    const made = await Promise.all(
      [main, loader].map(async (config) => {
        const bundle = await rollup(config);
        return (await bundle.generate(config.output as OutputOptions)).output;
      }),
    );
    return {
      main: made[0]?.[0].code ?? "",
      html: String((made[1] as readonly unknown[] as readonly OutputAsset[])[0]?.source),
      manifest: JSON.parse(readFileSync("plugins/figma/manifest.json", "utf8")),
    };
  })();
  return files;
}

/** An editor with the plugin in it, which does not run yet. */
export const openEditor = async (): Promise<NodeFigma> => openFigma(await pluginFiles());

/** The panel's end of the channel, in the window of a running plugin that has gone on to the panel. */
async function panelPort(figma: NodeFigma): Promise<Port> {
  await figma.ui.navigate(panelAddress);
  return {
    carries: "bytes",
    largest: 4 * 2 ** 20,
    send: (message) => figma.ui.send(message),
    receive: (handler) => {
      figma.ui.onmessage = handler;
    },
  };
}

/** Starts the plugin and connects to it as its panel does. */
export async function connected(figma: NodeFigma, command = "open"): Promise<ConnectedHost> {
  await figma.runCommand(command);
  return connectHost(await panelPort(figma));
}

/** A fill of one colour, from 0 to 1. */
export const solid = (r: number, g: number, b: number): readonly object[] => [{ type: "SOLID", color: { r, g, b } }];

/** A picture of one colour. */
export function plain(width: number, height: number, colour: readonly [number, number, number, number]): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set(colour, at);
  return { width, height, data };
}

/** The colour at a place of a picture, given as shares of its sides. */
export function colourAt({ width, height, data }: Pixels, x: number, y: number): readonly number[] {
  const at = 4 * (Math.floor(y * height) * width + Math.floor(x * width));
  return [...data.subarray(at, at + 4)];
}
