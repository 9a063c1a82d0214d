import { decode, encode, type FromTag, type ToTag } from "./codec.ts";

// How the plugin's realm talks to the editor around it: it asks and is answered at once, or later with a promise; and it is
// told of events. The editor's end is core/realm.ts.

/** An answer of the editor. */
interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string } | string;
  /** The number under which the answer comes later. */
  readonly later?: number;
}

/** Something that the editor tells. */
export type Told =
  | { readonly kind: "settle"; readonly later: number; readonly answer: unknown }
  | { readonly kind: "event"; readonly type: string; readonly event?: unknown; readonly page?: string }
  | { readonly kind: "message"; readonly message: unknown; readonly origin: string }
  | { readonly kind: "timer"; readonly timer: number }
  | { readonly kind: "callback"; readonly callback: number; readonly argument?: unknown };

type Crossing = [json: string, bytes: readonly ArrayBuffer[]];

type Crosser = (json: string, bytes: readonly ArrayBuffer[]) => Crossing;

// The editor puts the one way out here, and takes the way in from here; the plugin finds neither.
const hidden = globalThis as unknown as { __ask?: Crosser; __tell?: Crosser };
const askEditor = hidden.__ask as Crosser;
delete hidden.__ask;

const errors: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
};

const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();

/** How nodes and the like cross: given by nodes.ts, which needs this file itself. */
export const tags: { to: ToTag; from: FromTag } = { to: () => undefined, from: () => undefined };

function pack(value: unknown): Crossing {
  const bytes: Uint8Array[] = [];
  const json = JSON.stringify(encode(value, bytes, tags.to));
  return [
    json,
    bytes.map(({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer),
  ];
}

const unpack = ([json, buffers]: Crossing): unknown =>
  decode(
    JSON.parse(json),
    buffers.map((buffer) => new Uint8Array(buffer)),
    tags.from,
  );

/** Asks the editor; throws what it throws. */
export function ask(call: string, ...args: readonly unknown[]): unknown {
  const answer = unpack(askEditor(...pack([call, ...args]))) as Answer;
  if (answer.error !== undefined) throw made(answer.error);
  const { later } = answer;
  if (later === undefined) return answer.value;
  return new Promise((resolve, reject) => waiting.set(later, { resolve, reject }));
}

function made(error: NonNullable<Answer["error"]>): unknown {
  // Some of Figma's calls reject with a text that is no Error.
  if (typeof error === "string") return error;
  const Kind = errors[error.name] ?? Error;
  return new Kind(error.message);
}

/** Takes what the editor tells; `handle` is for what is no answer. */
export function listen(handle: (told: Exclude<Told, { kind: "settle" }>) => unknown): void {
  hidden.__tell = (...crossing) => {
    const told = unpack(crossing) as Told;
    if (told.kind !== "settle") return pack(handle(told) ?? null);
    const { value, error } = told.answer as Answer;
    const one = waiting.get(told.later);
    waiting.delete(told.later);
    if (error === undefined) one?.resolve(value);
    else one?.reject(made(error));
    return pack(null);
  };
}
