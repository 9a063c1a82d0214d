// `figma.clientStorage`: values by key, for each plugin, that outlive its runs.

/** The most that one plugin may keep, in bytes. */
const quota = 5_000_000;

/** What a plugin keeps on this device. */
export class ClientStorage {
  readonly #values = new Map<string, unknown>();

  get(key: string): unknown {
    return copied(this.#values.get(key));
  }

  set(key: string, value: unknown): void {
    const others = [...this.#values].filter(([one]) => one !== key);
    const used = [...others, [key, value] as const].reduce(
      (sum, [one, kept]) => sum + byteLength(one) + weight(kept),
      0,
    );
    if (used > quota) throw new Error(`in setAsync: Exceeded the quota of clientStorage: ${used} of ${quota} bytes`);
    this.#values.set(key, copied(value));
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }
}

const copied = (value: unknown): unknown => structuredClone(value);

/** The length of a text in UTF-8. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** How many bytes a value takes: bytes as they are, all else as JSON. */
function weight(value: unknown): number {
  let bytes = 0;
  const json = JSON.stringify(value, (_, entry: unknown) => {
    if (!(entry instanceof Uint8Array)) return entry;
    bytes += entry.length;
    return null;
  });
  return bytes + byteLength(json ?? "");
}
