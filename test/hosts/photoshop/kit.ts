import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";
import { connectHost } from "@underdraw/sdk";
import type { HostKit } from "@underdraw/sdk/testing";
import { rollup } from "rollup";
import bundles from "../../../plugins/photoshop/bundles.mjs";
import { type Bounds, boxOf } from "./bounds.ts";
import { type NodePhotoshop, openPhotoshop, type PhotoshopOptions, type PluginFiles } from "./index.ts";
import type { Depth } from "./raster.ts";
import type { Seen } from "./specification.ts";

// The plugin as it is built, in the simulator, at the hands of `hostContract`.

let built: Promise<PluginFiles> | undefined;
let whole: Promise<PluginFiles> | undefined;

type Config = Parameters<typeof rollup>[0] & { readonly output: object };
const [main, page] = bundles as unknown as readonly [Config, Config];

/** The plugin's own bundle, made as the build makes it but kept in memory; its page is an empty one that a test plays. */
export function buildPlugin(): Promise<PluginFiles> {
  built ??= bundle();
  return built;
}

/** The same with its real page, the models and onnxruntime: all that the package holds, some 85 MB. */
export function buildWholePlugin(): Promise<PluginFiles> {
  whole ??= Promise.all([buildPlugin(), outputOf(page)]).then(([{ manifest, files }, made]) => ({
    manifest,
    files: { ...files, ...Object.fromEntries(made.map(([name, content]) => [`webview/${name}`, content])) },
  }));
  return whole;
}

async function bundle(): Promise<PluginFiles> {
  const files = Object.fromEntries([["webview/index.html", "<!doctype html>"], ...(await outputOf(main))]);
  const { "manifest.json": manifest, ...rest } = files;
  if (manifest === undefined) throw new Error("The plugin's bundle has no manifest.json.");
  return { manifest: typeof manifest === "string" ? manifest : new TextDecoder().decode(manifest), files: rest };
}

async function outputOf(config: Config): Promise<[name: string, content: string | Uint8Array][]> {
  const made = await rollup(config);
  const { output } = await made.generate({ ...config.output, sourcemap: false });
  await made.close();
  return output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]);
}

/** Photoshop with the built plugin, its panel open, and its host connected to the page's end of the bridge. */
export async function openConnected(options: Omit<PhotoshopOptions, "plugin"> = {}) {
  const ps = await openPhotoshop({ bridge: { mbPerS: 500, latencyMs: 0 }, ...options, plugin: await buildPlugin() });
  await ps.showPanel();
  const page = await ps.page();
  const host = await connectHost(page.port());
  return { ps, page, host };
}

const canvas = { width: 320, height: 240 };
const boundsOf = ({ x, y, width, height }: Rect): Bounds => boxOf(x, y, width, height);

/** The plugin with documents of 8 or 16 bits, for `hostContract`. */
export async function photoshopKit(depth: Depth): Promise<HostKit & { readonly ps: NodePhotoshop }> {
  const { ps, host } = await openConnected();
  let drawn = 0;
  const ids = (): readonly number[] => ps.layers.filter(({ layers }) => layers === null).map(({ id }) => id);
  /** The plugin's ids are a document's number and a layer's. */
  const own = (id: string): number => Number(id.split(":")[1]);
  const named = (number: number): string => `${ps.document.id}:${number}`;
  return {
    ps,
    host,
    canvas,
    async open() {
      for (const id of ps.documents) ps.close(id);
      ps.open({ ...canvas, depth, layers: [] });
      ps.activate();
    },
    async select(picture, bounds) {
      const name = `Drawing ${++drawn}`;
      ps.add({ name, bounds: boundsOf(bounds), fill: (x, y) => pixelAt(picture, x - bounds.x, y - bounds.y) });
      ps.select(null);
      ps.activate(name);
    },
    async deselect() {
      ps.select(null);
      ps.activate();
    },
    async snapshot() {
      return ps.snapshot();
    },
    async undo() {
      ps.undo();
    },
    async redo() {
      ps.redo();
    },
    async layers() {
      return [...ids()].reverse().map(named);
    },
    async layer(id) {
      const layer = ps.layers.find((one) => one.id === own(id));
      if (!layer?.pixels) throw new Error(`There is no layer ${id}.`);
      const { left: x, top: y, width, height } = layer.pixels;
      return { bounds: { x, y, width, height }, pixels: pixelsOf(ps.layerPicture(layer.id, layer.pixels)) };
    },
    async render(area) {
      return pixelsOf(ps.picture(boundsOf(area)));
    },
    async selectArea(area, mask) {
      ps.select({ mask: mask.data.filter((_, i) => i % 4 === 3), box: boundsOf(area) });
    },
    async choose(id) {
      ps.select(null);
      ps.activateIds([own(id)]);
    },
    async hide() {
      for (const name of ps.active) ps.show(name, false);
    },
    async leave() {
      const { id } = ps.document;
      ps.open({ ...canvas, depth, layers: [] });
      ps.close(id);
    },
  };
}

const pixelAt = ({ width, data }: Pixels, x: number, y: number): number[] => {
  const at = (y * width + x) * 4;
  return [...data.subarray(at, at + 4)];
};

/** A document's pixels as bytes. */
function pixelsOf({ width, height, depth, data }: Pick<Seen, "width" | "height" | "depth" | "data">): Pixels {
  const pixels = createPixels(width, height);
  const scale = depth === 8 ? 1 : depth === 16 ? 255 / 32768 : 255;
  for (let i = 0; i < data.length; i++) pixels.data[i] = Math.round((data[i] as number) * scale);
  return pixels;
}
