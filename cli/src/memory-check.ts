import { totalmem } from "node:os";
import { UnderdrawError } from "@underdraw/engine";

/** What a pixel takes at least while the decoder draws it, in bytes. Measured with the small pack at 256 to 1024 px. */
const bytesOfPixel = 800;

/** How much memory this process may use, in bytes: the machine's, or a container's share of it. */
export function usableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  // "No limit" is told as 0 or as a number beyond the machine's.
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/**
 * Refuses a size that cannot fit into memory before the machine is brought down by it. A careful estimate from below:
 * the decoder's pixels, and its attention, where each place of the latent (`multiple` pixels wide) looks at each other.
 * Throws `out-of-memory`.
 */
export function checkMemory(
  { width, height }: { readonly width: number; readonly height: number },
  multiple: number,
  usable: number = usableMemory(),
): void {
  const places = Math.ceil(width / multiple) * Math.ceil(height / multiple);
  const needed = width * height * bytesOfPixel + 4 * places ** 2;
  if (needed <= usable) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(0)} GB`;
  const message = `A picture of ${width}x${height} needs more than ${gigabytes(needed)} of memory with this model, and this machine has ${gigabytes(usable)}. Ask for a smaller --size and enlarge the picture afterwards.`;
  throw new UnderdrawError("out-of-memory", message, { needed });
}
