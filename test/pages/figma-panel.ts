import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OutputAsset, type OutputChunk, type OutputOptions, type RollupOptions, rollup } from "rollup";
import { servePanel } from "../../plugins/figma/serve.mjs";
import type { PluginFiles } from "../hosts/figma/index.ts";

/** The Figma plugin as it is built for a panel on this machine, and the panel's site. */
export interface FigmaPanel {
  readonly plugin: PluginFiles;
  /** Where the panel is, without a slash at the end. */
  readonly origin: string;
  /** Serves the site; it is out of reach until then. */
  start(): Promise<void>;
  /** Takes the site out of reach. */
  stop(): Promise<void>;
  /** Ends the serving and takes the built site away. */
  remove(): Promise<void>;
}

const listening = (server: Server): number => (server.address() as AddressInfo).port;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await new Promise((resolve) => server.once("listening", resolve));
  const port = listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Builds all three parts as `npm run build` does with UNDERDRAW_PANEL. Once in a process: the settings are read once. */
export async function buildFigmaPanel(): Promise<FigmaPanel> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  process.env["UNDERDRAW_PANEL"] = origin;
  const { default: bundles } = await import("../../plugins/figma/bundles.mjs");
  const [main, loader, site] = bundles as readonly RollupOptions[] as readonly [
    RollupOptions,
    RollupOptions,
    RollupOptions,
  ];
  const folder = await mkdtemp(join(tmpdir(), "figma-panel-"));
  const made = async (config: RollupOptions): Promise<readonly (OutputAsset | OutputChunk)[]> => {
    const bundle = await rollup(config);
    const { output } = await bundle.generate(config.output as OutputOptions);
    await bundle.close();
    return output;
  };
  const written = async (): Promise<void> => {
    const bundle = await rollup(site);
    await bundle.write({ ...(site.output as OutputOptions), sourcemap: false, dir: folder });
    await bundle.close();
  };
  const [files] = await Promise.all([Promise.all([made(main), made(loader)]), written()]);
  const text = (name: string): string => {
    const found = files.flat().find(({ fileName }) => fileName === name);
    if (!found) throw new Error(`The build made no ${name}.`);
    return found.type === "chunk" ? found.code : String(found.source);
  };
  let server: Server | null = null;
  const stop = async (): Promise<void> => {
    const closing = server;
    server = null;
    closing?.closeAllConnections();
    if (closing) await new Promise((resolve) => closing.close(resolve));
  };
  return {
    plugin: { main: text("main.js"), html: text("ui.html"), manifest: JSON.parse(text("manifest.json")) },
    origin,
    async start() {
      server ??= (await servePanel(folder, port)) as Server;
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}
