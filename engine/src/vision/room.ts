// A room is a memory with loops over it: WebAssembly where a module can run, TypeScript elsewhere. What the loops do is
// said where the modules are; here is only how rooms are made, kept and given back.

/** A memory by its views. */
export interface Views {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly shorts: Int16Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
}

/** A memory and the loops over it. What its user does not write there is what the last one left. */
export interface Room<Loops> extends Views {
  readonly kernels: Loops;
}

/** Rooms with the same loops. */
export interface Rooms<Loops> {
  /** Takes a room of at least `size` bytes. Whoever takes it gives it back. */
  take(size: number): Room<Loops>;
  /** Gives a room back, for the next one. */
  give(room: Room<Loops>): void;
}

/** How much a page of WebAssembly's memory holds. */
const page = 1 << 16;

/** What is kept for the next user: not more rooms than run at once, and none that is large. */
const [mostRooms, largest] = [2, 1 << 23];

/**
 * Rooms for a module, which is given as its bytes in base64 and imports its memory as `room.memory`, and for its twin in
 * TypeScript. The module is compiled when the first room is taken; it must be small enough for that on any thread.
 */
export function openRooms<Loops>(module: string, twin: (views: Views) => Loops): Rooms<Loops> {
  let idle: Room<Loops>[] = [];
  let compiled: WebAssembly.Module | null | undefined;
  const make = (pages: number): Room<Loops> => {
    if (compiled === undefined) compiled = compile(module);
    const memory = compiled && memoryOf(pages);
    if (!compiled || !memory) {
      const views = viewsOf(new ArrayBuffer(pages * page));
      return { ...views, kernels: twin(views) };
    }
    const { exports } = new WebAssembly.Instance(compiled, { room: { memory } });
    return { ...viewsOf(memory.buffer as ArrayBuffer), kernels: exports as Loops };
  };
  return {
    take(size) {
      const fit = idle.find(({ bytes }) => bytes.length >= size);
      if (!fit) return make(Math.ceil(size / page));
      idle = idle.filter((room) => room !== fit);
      return fit;
    },
    give(room) {
      if (room.bytes.length > largest) return;
      idle = [room, ...idle].sort((a, b) => b.bytes.length - a.bytes.length).slice(0, mostRooms);
    },
  };
}

/** The module; null where it cannot run. */
function compile(module: string): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(module), (sign) => sign.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** Memory for the module; null where the engine has no address space left for one, since each takes far more than it holds. */
function memoryOf(pages: number): WebAssembly.Memory | null {
  try {
    return new WebAssembly.Memory({ initial: pages });
  } catch {
    return null;
  }
}

const viewsOf = (buffer: ArrayBuffer): Views => ({
  bytes: new Uint8Array(buffer),
  shorts: new Int16Array(buffer),
  words: new Int32Array(buffer),
});
