// Reads the bytes of an ONNX model back, by the field numbers of onnx.proto3: a second pair of eyes on our writer.

/** A protobuf message: for each field number its values in order, as numbers or bytes. */
type Message = Map<number, (bigint | number | Uint8Array)[]>;

function message(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = tag & 7;
    let value: bigint | number | Uint8Array;
    if (kind === 0) value = BigInt.asIntN(64, varint());
    else if (kind === 5) {
      value = view.getFloat32(at, true);
      at += 4;
    } else if (kind === 2) {
      const length = Number(varint());
      value = bytes.subarray(at, at + length);
      if (value.length !== length) throw new RangeError("A field ends after its message.");
      at += length;
    } else throw new RangeError(`Wire type ${kind} is not used by ONNX.`);
    const field = tag >>> 3;
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const all = (of: Message, field: number) => of.get(field) ?? [];
const text = (value: unknown) => new TextDecoder().decode(value as Uint8Array);
const texts = (of: Message, field: number) => all(of, field).map(text);
const whole = (of: Message, field: number) => all(of, field).map(Number);
const inner = (of: Message, field: number) => all(of, field).map((value) => message(value as Uint8Array));

function attribute(of: Message): [string, unknown] {
  const kind = whole(of, 20)[0];
  const value = { 1: all(of, 2)[0], 2: whole(of, 3)[0], 3: texts(of, 4)[0], 7: whole(of, 8) }[kind ?? 0];
  return [texts(of, 1)[0] ?? "", { kind, value }];
}

function tensor(of: Message) {
  const entries = inner(of, 13).map((entry) => [texts(entry, 1)[0], texts(entry, 2)[0]]);
  return {
    name: texts(of, 8)[0],
    type: whole(of, 2)[0],
    dims: whole(of, 1),
    raw: all(of, 9)[0] as Uint8Array | undefined,
    external: whole(of, 14)[0] === 1 ? (Object.fromEntries(entries) as Record<string, string>) : null,
  };
}

function value(of: Message) {
  const type = inner(inner(of, 2)[0] as Message, 1)[0] as Message;
  const dims = inner(inner(type, 2)[0] as Message, 1).map((dim) => texts(dim, 2)[0] ?? whole(dim, 1)[0]);
  return { name: texts(of, 1)[0], type: whole(type, 1)[0], dims };
}

/** What an ONNX model says, as plain data. */
export function readOnnx(bytes: Uint8Array) {
  const model = message(bytes);
  const graph = inner(model, 7)[0] as Message;
  return {
    irVersion: whole(model, 1)[0],
    opsets: inner(model, 8).map((opset) => [texts(opset, 1)[0] ?? "", whole(opset, 2)[0]]),
    name: texts(graph, 2)[0],
    nodes: inner(graph, 1).map((node) => ({
      inputs: texts(node, 1),
      outputs: texts(node, 2),
      name: texts(node, 3)[0],
      op: texts(node, 4)[0],
      domain: texts(node, 7)[0] ?? "",
      attributes: Object.fromEntries(inner(node, 5).map(attribute)) as Record<string, { kind: number; value: unknown }>,
    })),
    initialisers: inner(graph, 5).map(tensor),
    inputs: inner(graph, 11).map(value),
    outputs: inner(graph, 12).map(value),
  };
}
