import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder, and the ones that it lies in where they are missing. Node's own recursive `mkdir` never ends where a
 * system says that there is no such folder however many were made, as Linux does under /proc (seen with Node 20.20).
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (isAbsent && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path).catch((again) => requireFolder(path, again));
    } else await requireFolder(path, cause);
  }
}

/** Throws the cause where there is no folder: another may have made it meanwhile, and one that is there may be refused. */
async function requireFolder(path: string, cause: unknown): Promise<void> {
  const facts = await stat(path).catch(() => null);
  if (!facts?.isDirectory()) throw cause;
}
