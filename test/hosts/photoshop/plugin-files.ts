import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

/** A plugin that a test brings in words. */
export interface PluginFiles {
  /** The manifest's JSON, or what it says. */
  readonly manifest: string | object;
  /** By path inside the plugin: "main.js". */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Every file of a plugin, its manifest among them. */
export function* filesOf(plugin: string | PluginFiles): Generator<[path: string, bytes: Uint8Array]> {
  if (typeof plugin !== "string") {
    const { manifest, files } = plugin;
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    for (const [path, content] of Object.entries({ ...files, "manifest.json": text })) {
      yield [path, typeof content === "string" ? new TextEncoder().encode(content) : content];
    }
    return;
  }
  for (const entry of readdirSync(plugin, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    yield [path.slice(join(plugin, sep).length).split(sep).join("/"), readFileSync(path)];
  }
}
