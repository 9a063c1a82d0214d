import { type Disk, joined } from "./disk.ts";
import { HostError } from "./failure.ts";
import { isLocal } from "./manifest.ts";
import { pause } from "./pause.ts";
import { isAtLeast, uxpOf } from "./version.ts";

/** `fs`, `os`, `path` and `process`, which have little of what Node calls so. */
export function nodeModules(disk: Disk, version: string): Readonly<Record<string, object>> {
  const own = (path: string): string => {
    if (!isLocal(path)) throw new HostError(`Access to '${path}' is denied`);
    return path;
  };
  const encoding = (options: unknown): unknown =>
    typeof options === "string" ? options : (options as { encoding?: unknown } | undefined)?.encoding;
  const fs = {
    readFile: async (path: string, options?: unknown) => {
      await pause();
      const bytes = disk.read(own(path));
      return encoding(options) ? new TextDecoder().decode(bytes) : bytes.slice().buffer;
    },
    writeFile: async (path: string, data: string | ArrayBuffer | Uint8Array) => {
      await pause();
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data).slice();
      disk.write(own(path), bytes);
      return bytes.length;
    },
    unlink: async (path: string) => {
      await pause();
      disk.delete(own(path));
      return 0;
    },
    readdir: async (path: string) => {
      await pause();
      return [...disk.list(own(path))];
    },
    // For upload streams, since 26.8.
    ...(isAtLeast(version, "26.8")
      ? {
          createReadStream: (path: string) => {
            const bytes = disk.read(own(path));
            return new ReadableStream({
              start: (controller) => {
                controller.enqueue(bytes.slice());
                controller.close();
              },
            });
          },
        }
      : {}),
  };
  const parts = (path: string) => path.split("/");
  return {
    fs,
    os: { platform: () => "win32", release: () => "10.0.22631", arch: () => "x64" },
    path: {
      sep: "/",
      join: (...names: string[]) => names.reduce((path, name) => (path === "" ? name : joined(path, name)), ""),
      basename: (path: string) => parts(path).at(-1) ?? "",
      dirname: (path: string) => parts(path).slice(0, -1).join("/"),
      extname: (path: string) => /\.[^./]*$/.exec(path)?.[0] ?? "",
    },
    process: { platform: "win32", versions: { uxp: uxpOf(version) } },
  };
}
