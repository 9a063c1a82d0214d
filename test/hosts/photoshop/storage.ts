import { type Disk, joined } from "./disk.ts";
import { HostError } from "./failure.ts";
import { isLocal, type Manifest } from "./manifest.ts";
import { pause } from "./pause.ts";

// `require("uxp").storage`: files through entries and tokens. A session token is a word for a file that only this run of
// Photoshop understands; a persistent one is kept.

const formats = { utf8: Symbol("utf8"), binary: Symbol("binary") };
const types = { file: Symbol("file"), folder: Symbol("folder") };
const modes = { readOnly: Symbol("readOnly"), readWrite: Symbol("readWrite") };
const domains = { userDocuments: Symbol("userDocuments"), userPictures: Symbol("userPictures") };

/** What a person answers to pickers, in order: a path on the disk, or null for Cancel. */
export type PickerAnswers = (string | null)[];

/** Makes the storage module, and what finds a file behind a session token. */
export function storageModule(disk: Disk, manifest: Manifest, answers: PickerAnswers) {
  const session = new Map<string, string>();
  let tokens = 0;

  class Entry {
    readonly isEntry = true;
    readonly #path: string;

    constructor(path: string) {
      this.#path = path;
    }
    get url(): string {
      return this.#path;
    }
    get nativePath(): string {
      return `/simulated/${this.#path.replace(":/", "/")}`;
    }
    get name(): string {
      return this.#path.split("/").at(-1) ?? "";
    }
    get isFile(): boolean {
      return this instanceof File;
    }
    get isFolder(): boolean {
      return this instanceof Folder;
    }
    async delete(): Promise<void> {
      await pause();
      if (this.#path.startsWith("plugin:/")) throw new HostError("The plugin folder is read only");
      disk.delete(this.#path);
    }
    async getMetadata(): Promise<{ name: string; size: number; isFile: boolean; isFolder: boolean }> {
      await pause();
      const size = this.isFile ? disk.read(this.#path).length : 0;
      return { name: this.name, size, isFile: this.isFile, isFolder: this.isFolder };
    }
  }

  class File extends Entry {
    get mode(): symbol {
      return this.url.startsWith("plugin:/") ? modes.readOnly : modes.readWrite;
    }
    async read(options: { readonly format?: symbol } = {}): Promise<string | ArrayBuffer> {
      await pause();
      const bytes = disk.read(this.url);
      return options.format === formats.binary ? bytes.slice().buffer : new TextDecoder().decode(bytes);
    }
    async write(data: unknown, options: { readonly format?: symbol; readonly append?: boolean } = {}): Promise<number> {
      await pause();
      const bytes = bytesOf(data);
      if (typeof data !== "string" && options.format !== formats.binary) {
        throw new HostError("Binary data needs { format: formats.binary }");
      }
      const before = options.append && disk.files.has(this.url) ? disk.read(this.url) : new Uint8Array();
      const all = new Uint8Array(before.length + bytes.length);
      all.set(before);
      all.set(bytes, before.length);
      disk.write(this.url, all);
      return bytes.length;
    }
  }

  class Folder extends Entry {
    async createFile(name: string, { overwrite = false }: { readonly overwrite?: boolean } = {}): Promise<File> {
      await pause();
      const path = joined(this.url, name);
      if (disk.has(path) && !overwrite) throw new HostError(`A file '${name}' exists already`);
      disk.write(path, new Uint8Array());
      return new File(path);
    }
    async createFolder(name: string): Promise<Folder> {
      await pause();
      disk.folders.add(joined(this.url, name));
      return new Folder(joined(this.url, name));
    }
    async createEntry(name: string, { type = types.file, overwrite = false } = {}): Promise<Entry> {
      return type === types.folder ? this.createFolder(name) : this.createFile(name, { overwrite });
    }
    async getEntry(name: string): Promise<Entry> {
      await pause();
      return existing(joined(this.url, name));
    }
    async getEntries(): Promise<Entry[]> {
      await pause();
      return disk.list(this.url).map((name) => existing(joined(this.url, name)));
    }
  }

  function existing(path: string): File | Folder {
    if (disk.files.has(path)) return new File(path);
    if (disk.isFolder(path)) return new Folder(path);
    throw new HostError(`Could not find an entry of '${path}'`);
  }

  async function picked<T>(make: (path: string) => T): Promise<T | null> {
    if (manifest.files === "plugin")
      throw new HostError("The manifest does not permit pickers: localFileSystem is plugin");
    await pause();
    const answer = answers.shift();
    if (answer === undefined) throw new HostError("No answer to this picker was set in the test");
    return answer === null ? null : make(answer);
  }

  function reachable(url: string): string {
    if (!isLocal(url) && manifest.files !== "fullAccess") {
      throw new HostError(`The manifest does not permit access to '${url}'`);
    }
    return joined(url, "").replace(/(?<!:)\/$/, "");
  }

  const token = (path: string, kept: Map<string, string>): string => {
    const made = `token-${++tokens}-${Math.random().toString(36).slice(2)}`;
    kept.set(made, path);
    return made;
  };

  const localFileSystem = {
    isFileSystemProvider: true,
    getTemporaryFolder: async () => new Folder("plugin-temp:/"),
    getDataFolder: async () => new Folder("plugin-data:/"),
    getPluginFolder: async () => new Folder("plugin:/"),
    getFileForOpening: (options: { readonly allowMultiple?: boolean } = {}) =>
      picked((path) => (options.allowMultiple ? [existing(path)] : existing(path))),
    getFileForSaving: (name: string) => {
      if (typeof name !== "string") return Promise.reject(new HostError("getFileForSaving needs a suggested name"));
      return picked((path) => new File(path));
    },
    getFolder: () => picked((path) => new Folder(path)),
    /** Makes what is not there. */
    createEntryWithUrl: async (url: string, options: { readonly type?: symbol; readonly overwrite?: boolean } = {}) => {
      await pause();
      const path = reachable(url);
      if (disk.has(path) && options.overwrite !== true) throw new HostError(`An entry '${path}' exists already`);
      if (options.type === types.folder) {
        disk.folders.add(path);
        return new Folder(path);
      }
      disk.write(path, new Uint8Array());
      return new File(path);
    },
    /** Throws for what is not there. */
    getEntryWithUrl: async (url: string) => {
      await pause();
      return existing(reachable(url));
    },
    createSessionToken: (entry: unknown): string => {
      if (!(entry instanceof Entry)) throw new HostError("createSessionToken needs an entry");
      return token(entry.url, session);
    },
    getEntryForSessionToken: (given: string) => {
      const path = session.get(given);
      if (path === undefined) throw new HostError("The session token is not valid");
      return existing(path);
    },
    createPersistentToken: async (entry: unknown): Promise<string> => {
      if (!(entry instanceof Entry)) throw new HostError("createPersistentToken needs an entry");
      return token(entry.url, disk.tokens);
    },
    getEntryForPersistentToken: async (given: string) => {
      const path = disk.tokens.get(given);
      if (path === undefined) throw new HostError("The persistent token is not valid");
      return existing(path);
    },
  };

  const secureStorage = {
    get length(): number {
      return disk.secure.size;
    },
    setItem: async (key: string, value: unknown): Promise<void> => void disk.secure.set(key, bytesOf(value)),
    getItem: async (key: string): Promise<Uint8Array | undefined> => disk.secure.get(key)?.slice(),
    removeItem: async (key: string): Promise<void> => void disk.secure.delete(key),
    key: (index: number): string | null => [...disk.secure.keys()][index] ?? null,
    clear: async (): Promise<void> => disk.secure.clear(),
  };

  return {
    module: { localFileSystem, secureStorage, formats, types, modes, domains, Entry, File, Folder },
    /** The path behind a session token of this run. */
    pathOf(given: unknown): string {
      const path = session.get(String(given));
      if (path === undefined) throw new HostError("The session token is not valid");
      return path;
    },
    /** The path of a file entry that the plugin hands back. */
    pathOfEntry(entry: unknown): string {
      if (!(entry instanceof File)) throw new HostError("A file entry is needed");
      return entry.url;
    },
  };
}

function bytesOf(data: unknown): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (Object.prototype.toString.call(data) === "[object ArrayBuffer]")
    return new Uint8Array(data as ArrayBuffer).slice();
  throw new HostError("Only text, an ArrayBuffer or a view of one can be written");
}
