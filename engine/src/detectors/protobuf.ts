// A reader of protobuf messages as onnx.proto3 is written in (protobuf.dev/programming-guides/encoding). It walks a
// message's fields in place and believes no length that it has not checked.

/** One field of a message: a whole number, or bytes, which may be text, packed numbers or a message again. */
export interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array | null;
}

/** What a message that is not sound is told by. */
export class ProtobufError extends Error {}

/** Reads a whole number from `at` on; beyond 2^53 it is inexact, and negative ones are what 64 bits of them say. */
function varint(bytes: Uint8Array, at: number): readonly [value: number, next: number] {
  let value = 0n;
  for (let n = 0; n < 10; n++) {
    const byte = bytes[at + n];
    if (byte === undefined) throw new ProtobufError("it ends inside a number");
    value |= BigInt(byte & 127) << BigInt(7 * n);
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), at + n + 1];
  }
  throw new ProtobufError("a number in it is too long");
}

/** The fields of a message, one after the other. */
export function* fields(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const [key, after] = varint(message, at);
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number < 1) throw new ProtobufError("a field in it has no number");
    if (wire === 0) {
      const [value, next] = varint(message, after);
      yield { number, value, bytes: null };
      at = next;
      continue;
    }
    const [length, start] = wire === 2 ? varint(message, after) : [wire === 1 ? 8 : wire === 5 ? 4 : -1, after];
    if (length < 0) throw new ProtobufError("a field in it is of no known kind");
    if (start + length > message.length) throw new ProtobufError("it ends inside a field");
    yield { number, value: 0, bytes: message.subarray(start, start + length) };
    at = start + length;
  }
}

const decoder = new TextDecoder();

/** A field's text; "" for one that has none. */
export const textOf = ({ bytes }: Field): string => (bytes ? decoder.decode(bytes) : "");

/** Whole numbers of a repeated field: one, or many packed into one. */
export function wholeNumbers({ bytes, value }: Field): readonly number[] {
  if (!bytes) return [value];
  const found: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [one, next] = varint(bytes, at);
    found.push(one);
    at = next;
  }
  return found;
}
