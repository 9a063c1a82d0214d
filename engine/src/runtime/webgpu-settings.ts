import type { Tensor as OrtTensor } from "onnxruntime-web";
import { type ScaledTerm, sides } from "./scaled-sum.ts";
import { HEAD, type Layout, LINE } from "./webgpu-shaders.ts";

// What our kernels are given: regions of buffers, and settings as words.

/** A buffer, as far as it holds numbers. */
export interface Region {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly layout: Layout;
}

/** The size of a buffer for some bytes: onnxruntime copies in steps of 16, so that ours end on one. */
export const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** How a tensor lies in its buffer. */
export const layoutOf = ({ type }: OrtTensor): "single" | "half" => (type === "float16" ? "half" : "single");

/** The bytes of a tensor's numbers. */
export function bytesOf(tensor: OrtTensor): number {
  const [rows, channels, area] = sides(tensor);
  return rows * channels * area * (tensor.type === "float16" ? 2 : 4);
}

/** onnxruntime's buffer may be larger than its tensor: what is behind is another's, or above what can be bound. */
export function regionOf(tensor: OrtTensor): Region {
  const buffer = tensor.gpuBuffer as GPUBuffer;
  return { buffer, bytes: Math.min(buffer.size, padded(bytesOf(tensor))), layout: layoutOf(tensor) };
}

/** What a sum's kernel reads besides tensors: sizes, a line for each row and term, masks. */
export function sumSettings(
  rows: number,
  channels: number,
  area: number,
  terms: readonly ScaledTerm<OrtTensor>[],
): Uint32Array<ArrayBuffer> {
  const lines = HEAD + rows * terms.length * LINE;
  // A pooled term's mask is in its mean.
  const masks = terms.map(({ mask, pool }) => (pool ? undefined : mask));
  const settings = new Uint32Array(lines + masks.reduce((sum, mask) => sum + (mask?.length ?? 0), 0));
  const floats = new Float32Array(settings.buffer);
  settings.set([rows * channels * area, channels, area, 0]);
  let next = lines;
  for (const [n, term] of terms.entries()) {
    const mask = masks[n];
    for (let row = 0; row < rows; row++) {
      const chosen = term.rows[row];
      if (!chosen) continue;
      const line = HEAD + (row * terms.length + n) * LINE;
      settings[line] = 1 + chosen.row;
      floats[line + 1] = chosen.scale;
      if (mask) settings[line + 2] = next;
    }
    if (!mask) continue;
    floats.set(mask, next);
    next += mask.length;
  }
  return settings;
}
