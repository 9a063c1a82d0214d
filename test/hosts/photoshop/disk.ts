import { HostError } from "./failure.ts";

/** Files in memory, by address: `plugin:/`, `plugin-data:/`, `plugin-temp:/` and, picked by a person, `file:/`. */
export class Disk {
  readonly files = new Map<string, Uint8Array>();
  readonly folders = new Set<string>();
  /** Persistent tokens, local and secure storage outlive Photoshop, as the files do. */
  readonly tokens = new Map<string, string>();
  readonly local = new Map<string, string>();
  readonly secure = new Map<string, Uint8Array>();
  /** Bytes that fit; writing more is refused. */
  limit = Number.POSITIVE_INFINITY;

  read(path: string): Uint8Array {
    const found = this.files.get(path);
    if (!found) throw new HostError(`Could not find an entry of '${path}'`);
    return found;
  }

  write(path: string, bytes: Uint8Array): void {
    if (path.startsWith("plugin:/")) throw new HostError(`The plugin folder is read only: '${path}'`);
    let used = bytes.length;
    for (const [name, file] of this.files) if (name !== path && !name.startsWith("plugin:/")) used += file.length;
    if (used > this.limit) throw new HostError(`There is not enough space to write '${path}'`);
    this.files.set(path, bytes);
  }

  has(path: string): boolean {
    return this.files.has(path) || this.isFolder(path);
  }

  isFolder(path: string): boolean {
    if (/^[\w-]+:\/$/.test(path) || this.folders.has(path)) return true;
    const inside = `${path.replace(/\/$/, "")}/`;
    return [...this.files.keys(), ...this.folders].some((one) => one.startsWith(inside));
  }

  /** The names directly in a folder. */
  list(path: string): readonly string[] {
    const inside = path.endsWith("/") ? path : `${path}/`;
    const names = [...this.files.keys(), ...this.folders]
      .filter((one) => one.startsWith(inside) && one !== inside)
      .map((one) => one.slice(inside.length).split("/")[0] ?? "");
    return [...new Set(names)];
  }

  delete(path: string): void {
    this.files.delete(path);
    for (const one of [...this.files.keys()]) if (one.startsWith(`${path}/`)) this.files.delete(one);
    this.folders.delete(path);
  }

  /** Empties what does not outlive a run of Photoshop. */
  clearTemporary(): void {
    for (const path of [...this.files.keys()]) if (path.startsWith("plugin-temp:/")) this.files.delete(path);
  }
}

/** Two parts of an address as one. */
export const joined = (folder: string, name: string): string =>
  `${folder.replace(/\/$/, "")}/${name}`.replace(/^([\w-]+:)\/*/, "$1/");
