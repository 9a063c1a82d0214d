import type { ConditionSource } from "../conditions/condition.ts";
import type { Pixels } from "../core/pixels.ts";
import type { LoadRequest } from "../engine.ts";
import type { DetectorFiles } from "../extract.ts";
import { addressFolder } from "../models/address.ts";
import { blobFile, blobFolder } from "../models/blob.ts";
import { descriptionOf, type SourceDescription } from "../models/crossing.ts";
import { within } from "../models/folder.ts";
import { opfsFile, opfsFiles, opfsFolder } from "../models/opfs.ts";
import type { ModelSource } from "../models/source.ts";
import type { GenerateRequest } from "../request.ts";
import type { Files, LoadInput, Place } from "./protocol.ts";

// What goes over to the worker, as data: pixels are copied once and the copy handed over, so that the caller keeps its
// own; models go as the files or handles that they are made of, never as bytes.

/** Pixels of one's own to hand over. */
function copyOf({ width, height, data }: Pixels): Pixels {
  return { width, height, data: new Uint8ClampedArray(data) };
}

/**
 * What a map is drawn from, to hand over; null for what cannot be anything of the kind, which the engine on this thread
 * can say better than a worker.
 */
export function sourceInput(
  source: ConditionSource,
): { readonly source: ConditionSource; readonly transfer: Transferable[] } | null {
  if (typeof source !== "object" || source === null) return null;
  if (!("data" in source)) return "scene" in source || "people" in source ? { source, transfer: [] } : null;
  // Bytes are copied as they are; numbers of other types would be cut to bytes without a word.
  const is = Object.prototype.toString.call(source.data);
  if (is !== "[object Uint8ClampedArray]" && is !== "[object Uint8Array]") return null;
  const copy = copyOf(source);
  return { source: copy, transfer: [copy.data.buffer] };
}

const numbers = new WeakMap<ModelSource, number>();
let given = 0;

/** Files of nets that see, as data: a source of this page keeps its number. Throws a TypeError for one that cannot go. */
export function filesInput(files: DetectorFiles): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, asked]) => {
      const from = placeOf(asked, `model "${name}"`);
      if (typeof asked === "string" || typeof from === "string") return [name, asked as string];
      const key = numbers.get(asked) ?? given++;
      numbers.set(asked, key);
      return [name, { key, from }];
    }),
  );
}

/** How many sources of a page are remembered by their numbers. */
const mostKnown = 64;

/** Makes the files that came over; a number that was there before is the same source, whose open net is known again. */
export function filesThere(): (files: Files) => DetectorFiles {
  const known = new Map<number, ModelSource>();
  return (files) =>
    Object.fromEntries(
      Object.entries(files).map(([name, asked]) => {
        if (typeof asked === "string") return [name, asked];
        const source = known.get(asked.key) ?? revived(asked.from);
        known.delete(asked.key);
        known.set(asked.key, source);
        const [oldest] = known.keys();
        if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
        return [name, source];
      }),
    );
}

/** A request whose maps may be handed over, and their buffers. */
export function requestInput(request: GenerateRequest): { request: GenerateRequest; transfer: Transferable[] } {
  const transfer: Transferable[] = [];
  const over = (pixels: Pixels): Pixels => {
    const copy = copyOf(pixels);
    transfer.push(copy.data.buffer);
    return copy;
  };
  const controls = request.controls.map((control) => {
    const { condition, pixels, options, nets, background, resize } = control.map;
    const facts = {
      ...(options && { options: { ...options } }),
      ...(nets && { nets: [...nets] }),
      ...(background && { background }),
      ...(resize && { resize }),
    };
    const mask = control.mask && { mask: over(control.mask) };
    return { ...control, ...mask, map: { condition, pixels: over(pixels), ...facts } };
  });
  const { init } = request;
  const begin = init && {
    init: { ...init, picture: over(init.picture), ...(init.mask && { mask: over(init.mask) }) },
  };
  return { request: { ...request, controls, ...begin }, transfer };
}

/** What to load, as data. Throws a TypeError for a model that cannot go over. */
export function loadInput({ base, nets, facts, vae, previews, weights, loras, embeddings }: LoadRequest): LoadInput {
  return {
    ...(base !== undefined && { base: placeOf(base, "base") }),
    ...(nets && {
      nets: isNames(nets)
        ? [...nets]
        : Object.entries(nets).map(([name, asked]) => [name, placeOf(asked, `net "${name}"`)] as const),
    }),
    ...(facts && { facts: { ...facts } }),
    ...(weights && { weights }),
    ...(vae !== undefined && { vae: placeOf(vae, "VAE") }),
    ...(previews !== undefined && { previews: placeOf(previews, "VAE of previews") }),
    ...(loras && { loras: loras.map(({ file, ...weights }) => ({ ...weights, file: placeOf(file, "LoRA") })) }),
    ...(embeddings && {
      embeddings: Object.entries(embeddings).map(
        ([word, file]) => [word, placeOf(file, `embedding "${word}"`)] as const,
      ),
    }),
  };
}

/** `Array.isArray` does not know read-only lists. */
const isNames = (nets: NonNullable<LoadRequest["nets"]>): nets is readonly string[] => Array.isArray(nets);

function placeOf(asked: ModelSource | string, what: string): Place {
  if (typeof asked === "string") return asked;
  const found = descriptionOf(asked);
  if (found) return found;
  throw new TypeError(
    `The ${what} ${JSON.stringify(asked.name)} cannot be handed to a worker: its files are read by functions of this page. Give a source of blobFile, blobFolder, opfsFile, opfsFolder or addressFolder, or a path inside the models that the worker's script names in serveEngine.`,
  );
}

/** What to load, as the engine takes it. */
export function loadRequest({ base, nets, facts, vae, previews, weights, loras, embeddings }: LoadInput): LoadRequest {
  const named = nets?.map((net) => (typeof net === "string" ? net : ([net[0], sourceAt(net[1])] as const)));
  const sources = named?.filter((net) => typeof net !== "string");
  return {
    ...(base !== undefined && { base: sourceAt(base) }),
    ...(named && { nets: sources?.length ? Object.fromEntries(sources) : (named as readonly string[]) }),
    ...(facts && { facts }),
    ...(weights && { weights }),
    ...(vae !== undefined && { vae: sourceAt(vae) }),
    ...(previews !== undefined && { previews: sourceAt(previews) }),
    ...(loras && { loras: loras.map((lora) => ({ ...lora, file: sourceAt(lora.file) })) }),
    ...(embeddings && { embeddings: Object.fromEntries(embeddings.map(([word, file]) => [word, sourceAt(file)])) }),
  };
}

const sourceAt = (place: Place): ModelSource | string => (typeof place === "string" ? place : revived(place));

function revived(from: SourceDescription): ModelSource {
  switch (from.from) {
    case "file":
      return blobFile(from.file);
    case "files":
      return blobFolder(Object.fromEntries(from.files), from.name);
    case "handle":
      return opfsFile(from.handle, from.name);
    case "handles":
      return opfsFiles(from.handles, from.name);
    case "directory":
      return opfsFolder(from.handle, from.name);
    case "address":
      return addressFolder(from.address, { name: from.name });
    case "within": {
      const folder = revived(from.folder);
      if (folder.kind === "file") throw new TypeError(`${JSON.stringify(folder.name)} is a file: nothing lies within.`);
      return within(folder, from.path);
    }
  }
}
