import { readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle, onwarn, usual } from "../../scripts/bundling.mjs";
import { pack } from "../../scripts/ccx.mjs";
import { icons } from "./icons.mjs";

// What Photoshop loads: `out/plugin`, which the UXP Developer Tool takes as it is, and the same packed as
// `out/underdraw.ccx`, which Creative Cloud installs. UXP's side is one script without `import`; the page is one HTML file
// whose models and .wasm files lie beside it as scripts (src/panel/packed-files.ts).

const root = "plugins/photoshop";
const out = `${root}/out/plugin`;

/** Bytes of a packed file in one script: a multiple of 3, so that every piece decodes alone. */
const PIECE = 3 << 20;

/** The page's script also runs in a worker whose own address leads nowhere: what asks where it lies is told the page. */
const here = 'const importMeta = { url: "plugin:/webview/index.html" };';

/** onnxruntime-web's builds that the engine chooses between, by what the browser can do. */
const wasmFiles = ["ort-wasm-simd-threaded.jspi.wasm", "ort-wasm-simd-threaded.asyncify.wasm"];

/** Every file that the page carries, by the name that it is asked for: the model pack, and onnxruntime. */
async function packedFiles() {
  const folder = "models/pack";
  const { files } = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
  const onnxruntime = join(createRequire(resolve("engine/package.json")).resolve("onnxruntime-web"), "..");
  return [
    ...files.map(({ name }) => [name, join(folder, name)]),
    ...wasmFiles.map((name) => [name, join(onnxruntime, name)]),
  ];
}

/** Puts what UXP itself reads beside its script: the manifest, the page that loads the script, icons, licences. */
function pluginFiles() {
  return {
    name: "plugin-files",
    buildStart() {
      for (const name of ["manifest.json", "src/host/index.html"]) this.addWatchFile(resolve(root, name));
    },
    async generateBundle(_options, _files, isWrite) {
      // What an earlier build left would be packed too.
      if (isWrite && !this.meta.watchMode) await rm(`${root}/out`, { recursive: true, force: true });
      const emit = (fileName, source) => this.emitFile({ type: "asset", fileName, source });
      emit("manifest.json", await readFile(`${root}/manifest.json`));
      emit("index.html", await readFile(`${root}/src/host/index.html`, "utf8"));
      emit("LICENSE", await readFile("LICENSE"));
      emit("NOTICE", await readFile("NOTICE"));
      emit("NOTICE-models.txt", await readFile("models/pack/NOTICE.txt"));
      for (const [fileName, source] of Object.entries(icons())) emit(fileName, source);
    },
  };
}

/** Puts the page's script into its HTML file, and the packed files beside it. */
function page() {
  return {
    name: "page",
    buildStart() {
      this.addWatchFile(resolve(root, "src/panel/index.html"));
    },
    resolveImportMeta: (property) => (property === "url" ? "importMeta.url" : null),
    async generateBundle(_options, files) {
      const index = {};
      for (const [number, [name, path]] of (await packedFiles()).entries()) {
        const bytes = gzipSync(await readFile(path), { level: 6 });
        const pieces = Math.ceil(bytes.length / PIECE);
        index[name] = { number, pieces };
        for (let piece = 0; piece < pieces; piece++) {
          const base64 = bytes.subarray(piece * PIECE, (piece + 1) * PIECE).toString("base64");
          const source = `underdrawPiece("${number}.${piece}","${base64}");\n`;
          this.emitFile({ type: "asset", fileName: `files/${number}.${piece}.js`, source });
        }
      }
      const script = Object.values(files).find((file) => file.type === "chunk");
      const html = await readFile(`${root}/src/panel/index.html`, "utf8");
      delete files[script.fileName];
      // What would end the script element, or begin a comment in it, is written so that only JavaScript understands it.
      const code = `const underdrawPacked=${JSON.stringify(index)};\n${script.code}`
        .replaceAll("</script", "<\\/script")
        .replaceAll("<!--", "<\\!--");
      const source = html.replace("/* panel.ts */", () => code);
      this.emitFile({ type: "asset", fileName: "index.html", source });
    },
  };
}

/** Packs the plugin when all of it is written. */
const packed = () => ({
  name: "packed",
  async writeBundle() {
    const size = await pack(out, `${root}/out/underdraw.ccx`);
    this.info(`${root}/out/underdraw.ccx: ${(size / 1e6).toFixed(1)} MB`);
  },
});

export default [
  bundle(`${root}/src/host/main.ts`, {
    file: `${out}/main.js`,
    format: "cjs",
    target: "es2020",
    external: ["photoshop", "uxp"],
    more: [pluginFiles()],
  }),
  {
    input: `${root}/src/panel/panel.ts`,
    // A classic script: module scripts of local pages are loaded by other rules in each browser.
    output: { file: `${out}/webview/panel.js`, format: "iife", inlineDynamicImports: true, intro: here },
    // Files named by their address are not carried along: this page fetches nothing.
    plugins: [...usual("es2022").filter(({ name }) => name !== "carried"), page(), packed()],
    onwarn,
  },
];
