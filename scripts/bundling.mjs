import { readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import esbuild, { minify } from "rollup-plugin-esbuild";

// The Rollup plugins of this house: what hosts and static servers need beside one script.

/**
 * An address written in full, beside the module that names it; a formatter may have broken its line. What was made by
 * Emscripten names its .wasm file without the dot.
 */
const address = /new URL\(\s*["'](\.{1,2}\/[^"']+|[\w.-]+\.wasm)["'],\s*import\.meta\.url,?\s*\)/g;

/** Where onnxruntime's files lie in the output, under their own names: `RuntimeOptions.assets` may point there. */
const onnxruntime = "ort";

/**
 * Carries along what a module points at with `new URL("./file", import.meta.url)`: a TypeScript file becomes a script of
 * its own (a worker), any other file is copied. The address in the output is the new file's.
 */
export function carried() {
  return {
    name: "carried",
    async transform(code, id) {
      const found = [...code.matchAll(address)];
      if (found.length === 0) return null;
      let done = code;
      const references = new Map();
      for (const [whole, path] of found) {
        const file = resolve(dirname(id), path);
        if (!references.has(file)) references.set(file, await carry(this, file));
        done = done.replace(whole, () => `new URL(import.meta.ROLLUP_FILE_URL_${references.get(file)})`);
      }
      return { code: done, map: null };
    },
  };
}

/** Takes one file along into the output, and gives Rollup's reference to it. */
async function carry(context, file) {
  const name = basename(file, extname(file));
  if (extname(file) === ".ts") return context.emitFile({ type: "chunk", id: file, name });
  context.addWatchFile(file);
  const place = name.startsWith("ort-") ? { fileName: `${onnxruntime}/${basename(file)}` } : { name: basename(file) };
  return context.emitFile({ type: "asset", source: await readFile(file), ...place });
}

/** Puts both files of each build of onnxruntime-web that the scripts may ask for beside them: the .wasm, and its script. */
export function onnxruntimeFiles() {
  const dist = dirname(createRequire(resolve("engine/package.json")).resolve("onnxruntime-web"));
  return {
    name: "onnxruntime-files",
    async generateBundle(_, files) {
      const code = Object.values(files)
        .map((file) => (file.type === "chunk" ? file.code : ""))
        .join("");
      const names = new Set(code.match(/ort-wasm-simd-threaded(?:\.\w+)?(?=\.(?:mjs|wasm)\b)/g));
      for (const file of [...names].sort().flatMap((name) => [`${name}.mjs`, `${name}.wasm`])) {
        const fileName = `${onnxruntime}/${file}`;
        if (fileName in files) continue;
        this.emitFile({ type: "asset", fileName, source: await readFile(join(dist, file)) });
      }
    },
  };
}

/** Puts the page and what lies beside it into the output, with the scripts it names in TypeScript as JavaScript. */
export function page(folder) {
  return {
    name: "page",
    async buildStart() {
      for (const name of await readdir(folder)) if (!/\.ts$/.test(name)) this.addWatchFile(resolve(folder, name));
    },
    async renderStart({ dir }) {
      // Names carry hashes: what an earlier build left would lie there for ever.
      if (!this.meta.watchMode) await rm(dir, { recursive: true, force: true });
    },
    async generateBundle(_, files) {
      const html = await readFile(join(folder, "index.html"), "utf8");
      const source = html.replace(/(src|href)="\.\/([\w-]+)\.ts"/g, '$1="./$2.js"');
      this.emitFile({ type: "asset", fileName: "index.html", source });
      for (const [, name] of html.matchAll(/(?:src|href)="\.\/([\w-]+\.(?!ts")[\w.]+)"/g)) {
        if (name in files) continue; // another plugin made it
        this.emitFile({ type: "asset", fileName: name, source: await readFile(join(folder, name)) });
      }
    },
  };
}

/** Bundles a panel into its page, as an inline script: one HTML file. */
export function inlined(folder) {
  return {
    name: "inlined",
    async generateBundle(_, files) {
      const script = Object.values(files).find((file) => file.type === "chunk");
      const html = await readFile(`${folder}/index.html`, "utf8");
      delete files[script.fileName];
      const code = script.code.replaceAll("</script", "<\\/script");
      this.emitFile({ type: "asset", fileName: "panel.html", source: html.replace("/* panel.ts */", () => code) });
    },
  };
}

/** A warning about our own code fails the build; other people's packages have circles and comments of their own. */
export function onwarn(warning) {
  const files = warning.ids ?? [warning.id ?? ""];
  if (!files.some((file) => file.includes("/node_modules/"))) throw new Error(warning.message);
}

/** What every bundle needs: our packages straight from their source, types taken away, minified after the shaking. */
export const usual = (target, { conditions = [] } = {}) => [
  nodeResolve({ browser: true, exportConditions: ["@underdraw/source", ...conditions] }),
  esbuild({ target: "es2022", tsconfig: false, jsx: "automatic", jsxImportSource: "preact" }),
  carried(),
  minify({ target }),
];

/** Bundles one entry for one realm into one file. */
export const bundle = (input, { format, target, file, external = [], more = [] }) => ({
  input,
  external,
  output: { file, format, inlineDynamicImports: true },
  plugins: [...usual(target), ...more],
  onwarn,
});

/**
 * Bundles a folder with a page and its script of the same name into static files that work below any address. What comes
 * `first` sees the modules before anyone, `more` after; `conditions` choose among a package's exports.
 */
export const site = (folder, dir, { entry = basename(folder), first = [], more = [], conditions = [] } = {}) => ({
  input: `${folder}/${entry}.ts`,
  output: {
    dir,
    format: "es",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "assets/[name]-[hash].js",
    assetFileNames: "assets/[name]-[hash][extname]",
  },
  plugins: [...first, ...usual("es2022", { conditions }), page(folder), onnxruntimeFiles(), ...more],
  onwarn,
});
