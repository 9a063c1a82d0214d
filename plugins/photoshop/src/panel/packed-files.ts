// Files that the page carries without fetching: Photoshop shows it from the plugin's folder, where nothing says that
// `fetch` works, and a script beside the page is the one thing that surely loads. The build writes each file, compressed
// with gzip, as scripts that hand over a piece of it in base64 (bundles.mjs); they are loaded when the file is needed.

/** A file that is packed. */
export interface PackedFile {
  /** The files' number: its pieces are the scripts `files/<number>.<piece>.js`. */
  readonly number: number;
  readonly pieces: number;
}

/** Every packed file by its name: "unet/config.json". */
export type PackedIndex = Readonly<Record<string, PackedFile>>;

/** Gives a piece by its name ("3.0"), in base64. */
export type PieceLoader = (piece: string) => Promise<string>;

/** Bytes of base64, whose length is a multiple of 4. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Opens a packed file as a stream of its bytes. */
export type OpenPacked = (
  file: string,
  options?: { readonly signal?: AbortSignal },
) => Promise<ReadableStream<Uint8Array>>;

/** A reader of packed files. It rejects with a `RangeError` for a file that is not among them, and reads as it is asked. */
export function packedFiles(index: PackedIndex, load: PieceLoader): OpenPacked {
  return async (file, { signal } = {}) => {
    signal?.throwIfAborted();
    const packed = Object.hasOwn(index, file) ? index[file] : undefined;
    if (!packed) throw new RangeError(`The plugin has no file "${file}".`);
    let next = 0;
    const pieces = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          signal?.throwIfAborted();
          if (next < packed.pieces) controller.enqueue(fromBase64(await load(`${packed.number}.${next++}`)));
          if (next >= packed.pieces) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return pieces.pipeThrough(new DecompressionStream("gzip"));
  };
}

/** All bytes of a stream. */
export async function gathered(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** Loads pieces as scripts of a page. Each calls `underdrawPiece`, which this sets in the page's window. */
export function scriptLoader(page: Document): PieceLoader {
  const window = page.defaultView as unknown as { underdrawPiece?: (name: string, base64: string) => void };
  const arrived = new Map<string, string>();
  const asked = new Map<string, Promise<string>>();
  window.underdrawPiece = (name, base64) => arrived.set(name, base64);
  const load = async (piece: string): Promise<string> => {
    const script = page.createElement("script");
    try {
      await new Promise<void>((resolve, reject) => {
        script.onload = () => resolve();
        script.onerror = () => reject(new Error(`files/${piece}.js could not be loaded. Install the plugin again.`));
        script.src = `./files/${piece}.js`;
        page.head.append(script);
      });
      const base64 = arrived.get(piece);
      if (base64 === undefined) throw new Error(`files/${piece}.js holds no piece. Install the plugin again.`);
      return base64;
    } finally {
      // Neither the text nor the script is needed twice: both are large.
      arrived.delete(piece);
      script.remove();
    }
  };
  return (piece) => {
    const loading = asked.get(piece) ?? load(piece).finally(() => asked.delete(piece));
    asked.set(piece, loading);
    return loading;
  };
}

/** What a worker asks its page for, and what it is answered. Other messages on the same channel pass by. */
interface PieceMessage {
  readonly underdraw: "piece";
  readonly piece: string;
  readonly base64?: string;
  readonly failed?: string;
}

const isPieceMessage = (data: unknown): data is PieceMessage =>
  typeof data === "object" &&
  data !== null &&
  (data as { underdraw?: unknown }).underdraw === "piece" &&
  typeof (data as { piece?: unknown }).piece === "string";

/** One end of the channel between a page and its worker. */
export interface PieceChannel {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** Answers a worker's questions for pieces. */
export function servePieces(worker: PieceChannel, load: PieceLoader): void {
  worker.addEventListener("message", ({ data }) => {
    if (!isPieceMessage(data)) return;
    const { piece } = data;
    const answer = (rest: Pick<PieceMessage, "base64"> | Pick<PieceMessage, "failed">): void =>
      worker.postMessage({ underdraw: "piece", piece, ...rest });
    load(piece).then(
      (base64) => answer({ base64 }),
      (error: unknown) => answer({ failed: error instanceof Error ? error.message : String(error) }),
    );
  });
}

/** Loads pieces by asking the page that this worker belongs to. */
export function askedLoader(scope: PieceChannel): PieceLoader {
  type Waiting = { resolve(base64: string): void; reject(error: Error): void };
  const waiting = new Map<string, Waiting[]>();
  scope.addEventListener("message", ({ data }) => {
    if (!isPieceMessage(data)) return;
    const { piece, base64, failed } = data;
    const askers = waiting.get(piece) ?? [];
    waiting.delete(piece);
    for (const { resolve, reject } of askers) {
      if (base64 === undefined) reject(new Error(failed ?? "The page gave no piece."));
      else resolve(base64);
    }
  });
  return (piece) =>
    new Promise((resolve, reject) => {
      const askers = waiting.get(piece);
      if (askers) {
        askers.push({ resolve, reject });
        return;
      }
      waiting.set(piece, [{ resolve, reject }]);
      scope.postMessage({ underdraw: "piece", piece });
    });
}
