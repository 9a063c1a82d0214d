import { app, core, imaging } from "photoshop";
import { host, versions } from "uxp";
import { frontDocument } from "./document.ts";
import { release } from "./read.ts";

// What only a running Photoshop can tell, for a report: versions, this realm's features, and how it answers some calls
// that no document describes. Changes nothing: what could, is tried where Photoshop must refuse it.

/** A value, or why there is none. */
async function tried(ask: () => unknown): Promise<unknown> {
  try {
    return (await ask()) ?? null;
  } catch (error) {
    const { name, message, number } = (error ?? {}) as { name?: unknown; message?: unknown; number?: unknown };
    return { failed: String(message ?? error), name, number };
  }
}

/** Everything under its name; what fails is in the report as a failure. */
async function all(questions: Readonly<Record<string, () => unknown>>): Promise<Record<string, unknown>> {
  const report: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(questions)) report[name] = await tried(ask);
  return report;
}

/** The globals that other realms have and that may be missing here. */
const globals =
  "Worker SharedArrayBuffer WebAssembly OffscreenCanvas ImageData createImageBitmap structuredClone queueMicrotask matchMedia indexedDB ImageBlob TextDecoder AbortController Blob".split(
    " ",
  );

/** What Photoshop's side can do. */
export async function probeHost(): Promise<Record<string, unknown>> {
  return all({
    photoshop: () => ({ name: host.name, version: host.version, locale: host.uiLocale }),
    uxp: () => versions.uxp,
    plugin: () => versions.plugin,
    globals: () => globals.filter((name) => name in globalThis),
    gpu: () => core.getGPUInfo(),
    memory: () => core.getPluginInfo(),
    modal: () => core.isModal(),
    document: () => {
      const document = frontDocument();
      if (!document) return null;
      const { mode, bitsPerChannel, width, height, resolution, colorProfileName, quickMaskMode, artboards } = document;
      return {
        ...{ mode, depth: bitsPerChannel, width, height, resolution, profile: colorProfileName, quickMaskMode },
        artboards: artboards.length,
        layers: document.layers.length,
        selection: document.selection.bounds,
      };
    },
    "profiles of RGB": () =>
      (app as unknown as { getColorProfiles(space: string): string[] }).getColorProfiles("RGB").length,
    "getPixels outside a modal scope": pixelsOutside,
    "getSelection without a selection": selectionWithout,
  });
}

async function pixelsOutside(): Promise<unknown> {
  const document = frontDocument();
  if (!document) return null;
  const sourceBounds = { left: 0, top: 0, right: Math.min(8, document.width), bottom: Math.min(8, document.height) };
  const {
    imageData,
    level,
    sourceBounds: returned,
  } = await imaging.getPixels({ documentID: document.id, sourceBounds });
  const { width, height, components, componentSize, colorSpace, colorProfile, pixelFormat } = imageData;
  release(imageData);
  return { level, returned, width, height, components, componentSize, colorSpace, colorProfile, pixelFormat };
}

async function selectionWithout(): Promise<unknown> {
  const document = frontDocument();
  if (!document || document.selection.bounds) return null;
  return core.executeAsModal(
    async () => {
      const { imageData, sourceBounds } = await imaging.getSelection({ documentID: document.id });
      const { width, height, components } = imageData;
      release(imageData);
      return { sourceBounds, width, height, components };
    },
    { commandName: "Underdraw: Report", interactive: true },
  );
}
