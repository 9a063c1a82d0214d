import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { zipSync } from "fflate";

// Packs a UXP plugin's folder into a .ccx, the file that Creative Cloud installs: a zip with the manifest at its root. The
// same files give the same bytes. `node scripts/ccx.mjs <folder> <file.ccx>`

/** Zip knows no time zones: written and read as the local time, it is the same everywhere. Zip's first moment. */
const moment = new Date(1980, 0, 1);

/** Text in base64 shrinks by its four symbols for three bytes, and by no more however long one tries. */
const quick = /^webview\/files\//;

/** What is wrong with a manifest and the files it names: sentences, none when all is well. Rules of Adobe's manifest v5. */
export function manifestProblems(manifest, files) {
  const problems = [];
  const hold = (right, problem) => {
    if (!right) problems.push(problem);
  };
  const { manifestVersion, id, name, version, main, host, entrypoints, icons, requiredPermissions } = manifest;
  const { webview, network, localFileSystem } = requiredPermissions ?? {};
  hold(manifestVersion === 5, `manifestVersion is ${manifestVersion}; it must be 5.`);
  hold(/^[\w.-]+$/.test(id ?? ""), `id ${JSON.stringify(id)} must be letters, digits, dots, "-" and "_".`);
  hold(name?.length >= 3 && name.length <= 45, `name ${JSON.stringify(name)} must have 3 to 45 characters.`);
  hold(/^\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(version ?? ""), `version ${version} must be x.y.z, each from 0 to 99.`);
  hold(files.includes(main), `main names ${main}, which is not there.`);
  hold(!Array.isArray(host) && host?.app === "PS", "host must be one object for Photoshop (app PS).");
  hold(/^\d+\.\d+\.\d+$/.test(host?.minVersion ?? ""), `host.minVersion ${host?.minVersion} must be x.y.z.`);
  hold(entrypoints?.length > 0, "entrypoints are missing.");
  const ids = (entrypoints ?? []).map((entry) => entry.id);
  hold(new Set(ids).size === ids.length, `entrypoints share an id: ${ids.join(", ")}.`);
  for (const entry of entrypoints ?? []) {
    hold(["panel", "command"].includes(entry.type), `the entrypoint ${entry.id} has the type ${entry.type}.`);
    hold(entry.label?.default, `the entrypoint ${entry.id} has no default label.`);
  }
  for (const { path, scale = [1] } of [...(icons ?? []), ...(entrypoints ?? []).flatMap(({ icons = [] }) => icons)]) {
    for (const factor of scale) {
      const file = factor === 1 ? path : path.replace(/(\.\w+)$/, `@${factor}x$1`);
      hold(files.includes(file), `the icon ${file} is not there.`);
    }
  }
  for (const [list, domains] of [
    ["webview.domains", webview?.domains],
    ["network.domains", network?.domains],
  ]) {
    if (domains === undefined || domains === "all") continue;
    for (const domain of domains) hold(!/\*\.?\w*$/.test(domain), `${list}: ${domain} has a wildcard at its top.`);
  }
  if (webview?.enableMessageBridge === "localOnly") {
    hold(webview.allowLocalRendering === "yes", "a local page needs webview.allowLocalRendering.");
    hold(webview.domains?.length === 0, "a bridge that is localOnly goes with no webview.domains.");
  }
  const places = [undefined, "plugin", "request", "fullAccess"];
  hold(places.includes(localFileSystem), `localFileSystem is ${localFileSystem}.`);
  return problems;
}

/** Reads a plugin's folder: every file by its path, in order. */
async function pluginFiles(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const files = {};
  for (const path of paths.sort()) {
    files[path.slice(join(folder, sep).length).split(sep).join("/")] = await readFile(path);
  }
  return files;
}

/** The bytes of a .ccx. Throws an Error that lists what is wrong with the manifest. */
export function ccx(files) {
  const names = Object.keys(files);
  if (!names.includes("manifest.json")) throw new Error("The plugin has no manifest.json.");
  const problems = manifestProblems(JSON.parse(Buffer.from(files["manifest.json"]).toString("utf8")), names);
  if (problems.length > 0) throw new Error(`The manifest cannot be packed:\n- ${problems.join("\n- ")}`);
  const entries = Object.fromEntries(
    names.sort().map((name) => [name, [files[name], { level: quick.test(name) ? 1 : 6, mtime: moment }]]),
  );
  return zipSync(entries);
}

/** Packs a folder into a file, and gives the file's size in bytes. */
export async function pack(folder, file) {
  const bytes = ccx(await pluginFiles(folder));
  await writeFile(file, bytes);
  return bytes.length;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, file] = process.argv.slice(2);
  if (!folder || !file) {
    console.error("Usage: node scripts/ccx.mjs <folder of the plugin> <file.ccx>");
    process.exitCode = 2;
  } else {
    const size = await pack(folder, file);
    console.log(`${file}: ${(size / 1e6).toFixed(1)} MB`);
  }
}
