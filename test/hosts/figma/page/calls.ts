import type { FigmaEditor } from "../contract.ts";
import { fromBase64, toBase64 } from "../realm/base64.ts";
import { decode, encode, noTags } from "../realm/codec.ts";
import type { Crossing } from "./served.ts";

// Between the test in Node and the editor in its page.

declare global {
  /** Calls a method of the page's editor. */
  var callEditor: (name: string, args: Crossing) => Promise<Crossing>;
}

/** Data to be carried across. */
export function pack(value: unknown): Crossing {
  const bytes: Uint8Array[] = [];
  const json = JSON.stringify(encode(value, bytes, noTags));
  return { json, bytes: bytes.map(toBase64) };
}

/** Data that was carried across. */
export const unpack = ({ json, bytes }: Crossing): unknown => decode(JSON.parse(json), bytes.map(fromBase64), noTags);

/** Lets the test call the editor. */
export function answerCalls(editor: FigmaEditor): void {
  globalThis.callEditor = async (name, args) => {
    const method = editor[name as keyof FigmaEditor] as (...args: readonly unknown[]) => Promise<unknown>;
    return pack(await method.apply(editor, unpack(args) as unknown[]));
  };
}
