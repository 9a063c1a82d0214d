import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

// Our packages as npm would bring them to somebody: packed, and unpacked into an empty project. Nothing is fetched: what
// they depend on is linked from here. They hold what `tsc -b` wrote.

const run = promisify(execFile);
const packages = { "@underdraw/engine": "engine", "@underdraw/model-mini": "models" } as const;

/** Why nothing can be packed, or null. */
export const unpacked: string | null = Object.values(packages).every((place) =>
  existsSync(join(place, "dist", "index.js")),
)
  ? null
  : "the packages were not built: run npx tsc -b";

/** A project with the two packages in its node_modules, until it is removed. */
export interface Project {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Packs the engine and the mini pack, and unpacks both tarballs into a new project. */
export async function installed(): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "underdraw-project-")));
  const places = Object.values(packages).flatMap((place) => ["--workspace", place]);
  const { stdout } = await run("npm", ["pack", ...places, "--pack-destination", folder, "--json"], {
    maxBuffer: 2 ** 26,
  });
  const packed: { name: string; filename: string }[] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
  for (const { name, filename } of packed) {
    const tarball = join(folder, filename);
    const place = join(folder, "node_modules", name);
    await mkdir(place, { recursive: true });
    await run("tar", ["-xzf", tarball, "-C", place, "--strip-components=1"]);
    await rm(tarball);
    const { dependencies, peerDependencies }: Record<string, Record<string, string> | undefined> = JSON.parse(
      await readFile(join(place, "package.json"), "utf8"),
    );
    for (const needed of Object.keys({ ...dependencies, ...peerDependencies })) await link(folder, needed);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function link(folder: string, name: string): Promise<void> {
  const place = join(folder, "node_modules", name);
  if (existsSync(place)) return;
  await mkdir(dirname(place), { recursive: true });
  await symlink(resolve("node_modules", name), place, "dir");
}
