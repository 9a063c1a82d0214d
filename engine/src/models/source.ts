// Where the bytes of a model lie. A source is opened asynchronously and read synchronously at any place, because
// onnxruntime asks for weights in the middle of a synchronous load.

/** An open file: random access, synchronous. */
export interface ByteSource {
  /** What a person knows the file by, for messages. */
  readonly name: string;
  readonly size: number;
  /** Where the file lies on this machine's disk, without links; absent where it lies elsewhere. */
  readonly path?: string;
  /** Fills `into` with the bytes from `at` on; throws `file-invalid` when the file ends before. */
  read(into: Uint8Array, at: number): void;
  /** May be called twice. */
  close(): void;
}

/** A folder of model files, as diffusers lays them out. */
export interface ModelFolder {
  readonly kind: "folder";
  readonly name: string;
  /** Opens a file by its path inside the folder ("unet/config.json"); null when there is none. Never leaves the folder. */
  open(path: string, options?: { readonly signal?: AbortSignal }): Promise<ByteSource | null>;
  /** The paths of all files, where the place can list them. */
  list?(): Promise<readonly string[]>;
}

/** A single model file, such as a checkpoint. */
export interface ModelFile {
  readonly kind: "file";
  readonly name: string;
  /** Opens the file. */
  open(options?: { readonly signal?: AbortSignal }): Promise<ByteSource>;
}

/** Where a model comes from. */
export type ModelSource = ModelFolder | ModelFile;
