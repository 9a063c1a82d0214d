import { sha256Bytes } from "./sha256-bytes.ts";
import { plainBlocks } from "./sha256-plain.ts";

/** SHA-256 over bytes that come piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** The digest of all that came, as 64 hex digits. Called once, and last. */
  hex(): string;
}

/** The part of SHA-256 that takes time. */
export interface BlockHash {
  /** Eight words, as they are after the blocks that were taken. */
  readonly state: Int32Array;
  /** Takes bytes, as many as are whole blocks of 64. */
  take(bytes: Uint8Array): void;
}

const BLOCK = 64;

/** The state before any block: fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3). */
export const firstState: Readonly<Int32Array> = new Int32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

let compiled: WebAssembly.Module | null | undefined;

/** The blocks' module; null where there is no WebAssembly, or the page's policy shuts it out. */
function kernel(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled;
  try {
    compiled = new WebAssembly.Module(Uint8Array.from(atob(sha256Bytes), (letter) => letter.charCodeAt(0)));
  } catch {
    compiled = null;
  }
  return compiled;
}

/** Where the state and the blocks lie in the module's memory, and how many of their bytes. */
const layout = { state: 256, blocks: 65_536, most: 65_536 };

function kernelBlocks(module: WebAssembly.Module): BlockHash {
  const { memory, compress } = new WebAssembly.Instance(module).exports as {
    readonly memory: WebAssembly.Memory;
    readonly compress: (at: number, end: number) => void;
  };
  const state = new Int32Array(memory.buffer, layout.state, firstState.length);
  const blocks = new Uint8Array(memory.buffer, layout.blocks, layout.most);
  state.set(firstState);
  return {
    state,
    take(bytes) {
      for (let at = 0; at < bytes.length; at += layout.most) {
        const piece = bytes.subarray(at, at + layout.most);
        blocks.set(piece);
        compress(layout.blocks, layout.blocks + piece.length);
      }
    },
  };
}

/** The blocks in WebAssembly, or in plain TypeScript at half the speed. */
function anyBlocks(): BlockHash {
  const module = kernel();
  return module ? kernelBlocks(module) : plainBlocks(firstState);
}

/**
 * SHA-256 of our own (FIPS 180-4): browsers digest only what is whole in memory, and a checkpoint is not. `blocks` takes
 * the place of the fastest there is.
 */
export function ownDigest(blocks: BlockHash = anyBlocks()): Digest {
  const rest = new Uint8Array(BLOCK);
  let waiting = 0;
  let length = 0;

  const update = (bytes: Uint8Array): void => {
    length += bytes.length;
    let at = 0;
    if (waiting > 0) {
      at = Math.min(BLOCK - waiting, bytes.length);
      rest.set(bytes.subarray(0, at), waiting);
      waiting += at;
      if (waiting < BLOCK) return;
      blocks.take(rest);
    }
    const whole = bytes.length - ((bytes.length - at) % BLOCK);
    blocks.take(bytes.subarray(at, whole));
    rest.set(bytes.subarray(whole));
    waiting = bytes.length - whole;
  };

  return {
    update,
    hex() {
      // A bit, zeros up to 8 bytes before the end of a block, and how many bits there were.
      const end = new Uint8Array((waiting < BLOCK - 8 ? BLOCK : 2 * BLOCK) - waiting);
      end[0] = 0x80;
      new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(length) * 8n);
      update(end);
      return Array.from(blocks.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    },
  };
}
