import { type Tensors, withRead } from "./tensors.ts";

/**
 * Tensors with something added to some of them while they are read: differences, LoRAs. What is added to exists as
 * float32 only, whatever the files hold; all others are as they were. `add` adds to `into` what belongs to a tensor's
 * elements from number `from` on.
 */
export function addedTensors(
  tensors: Tensors,
  isChanged: (key: string) => boolean,
  add: (key: string, into: Float32Array, from: number) => void,
): Tensors {
  const floats: Tensors["floats"] = (key, into, from) => {
    tensors.floats(key, into, from);
    if (isChanged(key)) add(key, into, from);
  };
  return withRead({
    ...tensors,
    dtype: (key) => (isChanged(key) ? "F32" : tensors.dtype(key)),
    floats,
    place: (key) => (isChanged(key) ? null : tensors.place(key)),
    bytes(key, into, at) {
      if (!isChanged(key)) return tensors.bytes(key, into, at);
      const from = Math.floor(at / 4);
      const numbers = new Float32Array(Math.ceil((at + into.length) / 4) - from);
      floats(key, numbers, from);
      into.set(new Uint8Array(numbers.buffer, at - from * 4, into.length));
    },
  });
}
