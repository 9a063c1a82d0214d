import { decode, encode, type FromTag, type ToTag } from "../realm/codec.ts";
import { mixed } from "./properties.ts";

// What stands for a node or an image on the editor's side while it crosses to the plugin's realm and back.

/** A node. */
export class NodeReference {
  readonly id: string;
  readonly type: string;

  constructor(id: string, type: string) {
    this.id = id;
    this.type = type;
  }
}

/** An image of the file. */
export class ImageReference {
  readonly hash: string;

  constructor(hash: string) {
    this.hash = hash;
  }
}

const toTag: ToTag = (value) => {
  if (value === mixed) return { $mixed: true };
  if (value instanceof NodeReference) return { $node: [value.id, value.type] };
  return value instanceof ImageReference ? { $image: value.hash } : undefined;
};

const fromTag: FromTag = (tag) => {
  if ("$mixed" in tag) return mixed;
  if ("$image" in tag) return new ImageReference(tag["$image"] as string);
  return new NodeReference(...(tag["$node"] as [string, string]));
};

/** Data for the other realm. */
export function pack(value: unknown): [json: string, bytes: readonly Uint8Array[]] {
  const bytes: Uint8Array[] = [];
  return [JSON.stringify(encode(value, bytes, toTag)), bytes];
}

/** Data from the other realm. */
export const unpack = (json: string, bytes: readonly Uint8Array[]): unknown => decode(JSON.parse(json), bytes, fromTag);
