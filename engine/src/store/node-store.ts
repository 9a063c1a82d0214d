import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { ModelStore } from "./model-store.ts";
import { nodePlace } from "./node-place.ts";
import { openStoreAt, type StoreOptions } from "./opened-store.ts";

/** How a store on disk is opened. */
export interface NodeStoreOptions extends StoreOptions {
  /** The store's folder; `modelCache()` without it. */
  readonly folder?: string;
}

/**
 * The folder in which models are kept: `models` in the folder that the variable UNDERDRAW_CACHE names, else in
 * `underdraw` where the platform keeps what can be fetched again: $XDG_CACHE_HOME or ~/.cache, ~/Library/Caches on
 * macOS, %LOCALAPPDATA% on Windows.
 */
export function modelCache(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const own = environment["UNDERDRAW_CACHE"];
  if (own) return join(resolve(own), "models");
  return join(platformCache(environment, platform, home), "underdraw", "models");
}

function platformCache(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  if (platform === "darwin") return join(home, "Library", "Caches");
  if (platform === "win32") return environment["LOCALAPPDATA"] || join(home, "AppData", "Local");
  // The XDG Base Directory Specification: a relative path is to be ignored.
  const xdg = environment["XDG_CACHE_HOME"];
  return xdg && isAbsolute(xdg) ? xdg : join(home, ".cache");
}

/** Opens the store of models on this machine's disk. Rejects with `file-unwritable` where its folder may not be written. */
export async function nodeStore(options: NodeStoreOptions = {}): Promise<ModelStore> {
  const folder = resolve(options.folder ?? modelCache());
  return openStoreAt(nodePlace(folder, options.fetch ?? ((...given) => globalThis.fetch(...given))), options);
}
