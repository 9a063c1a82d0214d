import type { ModelSource } from "./source.ts";

/** What makes a source again in another realm: data that `postMessage` takes, without copying a file. */
export type SourceDescription =
  | { readonly from: "file"; readonly file: File }
  | { readonly from: "files"; readonly name: string; readonly files: readonly (readonly [path: string, file: Blob])[] }
  | { readonly from: "handle"; readonly name: string; readonly handle: FileSystemFileHandle }
  | {
      readonly from: "handles";
      readonly name: string;
      readonly handles: readonly (readonly [path: string, handle: FileSystemFileHandle])[];
    }
  | { readonly from: "directory"; readonly name: string; readonly handle: FileSystemDirectoryHandle }
  | { readonly from: "address"; readonly name: string; readonly address: string }
  | { readonly from: "within"; readonly folder: SourceDescription; readonly path: string };

// Beside the sources and not in them: an object that was spread from a source, with an `open` of its own, is another.
const descriptions = new WeakMap<ModelSource, SourceDescription>();

/** Notes how a source can be made again elsewhere, and gives it back. */
export function crossing<Source extends ModelSource>(source: Source, description: SourceDescription): Source {
  descriptions.set(source, description);
  return source;
}

/** How a source can be made again in another realm; undefined for one that lives here alone. */
export const descriptionOf = (source: ModelSource): SourceDescription | undefined => descriptions.get(source);
