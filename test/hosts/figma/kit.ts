import type { Pixels, Rect } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { type ConnectedHost, connectHost } from "@underdraw/sdk";
import type { HostKit } from "@underdraw/sdk/testing";
import { rollup } from "rollup";
import bundles from "../../../plugins/figma/bundles.mjs";
import { type FrameMessage, figmaPort } from "../../../plugins/figma/src/panel/figma-port.ts";
import { type NodeFigma, openFigma, type PluginFiles } from "./index.ts";
import { figmaOrigin } from "./node-frames.ts";

// The plugin as it is built, in the simulator, at the hands of `hostContract`.

let built: Promise<PluginFiles> | undefined;

/** What Figma loads of the plugin, made as the build makes it but kept in memory. */
export function buildPlugin(): Promise<PluginFiles> {
  built ??= build();
  return built;
}

async function build(): Promise<PluginFiles> {
  const files = new Map<string, string>();
  for (const config of bundles as unknown as readonly (Parameters<typeof rollup>[0] & {
    readonly output: { readonly file?: string };
  })[]) {
    // The panel's site is a folder and no part of what Figma loads.
    if (config.output.file === undefined) continue;
    const bundle = await rollup(config);
    const { output } = await bundle.generate({ ...config.output, sourcemap: false });
    await bundle.close();
    for (const file of output) files.set(file.fileName, file.type === "chunk" ? file.code : String(file.source));
  }
  const text = (name: string): string => {
    const found = files.get(name);
    if (found === undefined) throw new Error(`The plugin's build has no ${name}, but ${[...files.keys()].join(", ")}.`);
    return found;
  };
  return { main: text("main.js"), html: text("ui.html"), manifest: JSON.parse(text("manifest.json")) };
}

/** An editor in which the built plugin runs with its panel there, and the plugin's host connected to the panel's end. */
async function openConnected(): Promise<{ readonly figma: NodeFigma; readonly host: ConnectedHost }> {
  const plugin = await buildPlugin();
  const { id, networkAccess } = plugin.manifest as {
    readonly id: string;
    readonly networkAccess: { readonly allowedDomains: readonly string[] };
  };
  const figma = await openFigma(plugin);
  await figma.runCommand("open");
  await figma.settled();
  await figma.ui.navigate(`${networkAccess.allowedDomains[0]}/`);
  const port = figmaPort(id, figmaOrigin, {
    parent: { postMessage: (envelope) => figma.ui.isOpen && figma.ui.post(envelope) },
    addEventListener: (_, listener: (event: FrameMessage) => void) => {
      figma.ui.onmessage = (pluginMessage, { origin }) => listener({ origin, data: { pluginMessage } });
    },
    removeEventListener: () => {
      figma.ui.onmessage = null;
    },
  });
  return { figma, host: await connectHost(port) };
}

/** The plugin, for `hostContract`. Each document is a page of one file. */
export async function figmaKit(): Promise<HostKit & { readonly figma: NodeFigma }> {
  const { figma, host } = await openConnected();
  let drawn = 0;
  const onPage = async (): Promise<readonly string[]> => (await figma.node(await figma.currentPage()))?.children ?? [];
  const seen = async (id: string) => {
    const node = await figma.node(id);
    if (!node?.absoluteBoundingBox) throw new Error(`There is no layer ${id}.`);
    return { ...node, box: node.absoluteBoundingBox };
  };
  const open = async (): Promise<void> => figma.openPage(await figma.addPage("Empty"));
  return {
    figma,
    host,
    fractions: true,
    open,
    async select(picture, { x, y, width, height }) {
      const imageHash = await figma.addImage(await writePicture(picture, { format: "png" }));
      // Stretched over the box, whatever its proportions.
      const fill = {
        type: "IMAGE",
        scaleMode: "CROP",
        imageHash,
        imageTransform: [
          [1, 0, 0],
          [0, 1, 0],
        ],
      };
      const properties = { name: `Drawing ${++drawn}`, x, y, width, height, fills: [fill] };
      await figma.select([await figma.draw({ type: "RECTANGLE", properties })]);
    },
    deselect: () => figma.select([]),
    snapshot: () => figma.snapshot(),
    undo: () => figma.undo(),
    redo: () => figma.redo(),
    layers: onPage,
    async layer(id) {
      const { box } = await seen(id);
      const size = await pictureSize(figma, id);
      const constraint = size
        ? ({ type: "WIDTH", value: size.width } as const)
        : ({ type: "SCALE", value: 1 } as const);
      const pixels = await pixelsOf(figma.export(id, { useAbsoluteBounds: true, constraint }));
      return { bounds: box, pixels };
    },
    render: (area) => pixelsOf(figma.picture(area)),
    choose: (id) => figma.select([id]),
    async hide() {
      for (const id of await figma.selection()) await figma.edit(id, { visible: false });
    },
    async leave() {
      const left = await figma.currentPage();
      await open();
      await figma.remove([left]);
    },
  };
}

const pixelsOf = async (file: Promise<Uint8Array>): Promise<Pixels> => (await readPicture(await file)).pixels;

/** The size of the picture that a layer, or what is in it, is filled with; null when there is none. */
async function pictureSize(figma: NodeFigma, id: string): Promise<Pick<Rect, "width" | "height"> | null> {
  const node = await figma.node(id);
  for (const fill of (node?.properties["fills"] ?? []) as readonly { readonly imageHash?: string }[]) {
    const bytes = fill.imageHash === undefined ? null : await figma.image(fill.imageHash);
    if (bytes) return (await readPicture(bytes)).pixels;
  }
  for (const child of [...(node?.children ?? [])].reverse()) {
    const size = await pictureSize(figma, child);
    if (size) return size;
  }
  return null;
}
