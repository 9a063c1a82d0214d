import { cp, readFile } from "node:fs/promises";
import commonjs from "@rollup/plugin-commonjs";
import { site } from "../../scripts/bundling.mjs";

// Excalidraw ships modules with bare imports, so it has to be bundled; its fonts are copied beside the page.

const folder = "examples/playground";
const out = "out/playground";
const fonts = new URL("fonts/", import.meta.resolve("@excalidraw/excalidraw"));

/** Collects imported CSS into one file. */
function stylesheet(fileName) {
  const sheets = new Map();
  return {
    name: "stylesheet",
    async load(id) {
      if (!id.endsWith(".css")) return null;
      sheets.set(id, await readFile(id, "utf8"));
      return { code: "", moduleSideEffects: true };
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source: [...sheets.values()].join("\n") });
    },
  };
}

const json = {
  name: "json",
  transform: (code, id) => (id.endsWith(".json") ? { code: `export default ${code}`, map: null } : null),
};

/** React asks at run time which build it is. */
const production = {
  name: "production",
  transform: (code) =>
    code.includes("process.env.NODE_ENV")
      ? { code: code.replaceAll("process.env.NODE_ENV", '"production"'), map: null }
      : null,
};

/** Leaves the diagrams-from-text dialog out: several MB that the page does not offer. */
const withoutMermaid = {
  name: "without-mermaid",
  resolveId: (id) => (id === "@excalidraw/mermaid-to-excalidraw" ? `\0${id}` : null),
  load: (id) => (id === "\0@excalidraw/mermaid-to-excalidraw" ? "export default {};" : null),
};

/** Keeps Excalidraw from asking a public server for a font that is missing here. */
const offline = {
  name: "offline",
  transform: (code, id) =>
    id.includes("@excalidraw/excalidraw") && code.includes("https://esm.sh/")
      ? { code: code.replaceAll("https://esm.sh/", `\${location.origin}/missing/`), map: null }
      : null,
};

const carryFonts = {
  name: "carry-fonts",
  async writeBundle({ dir }) {
    // Xiaolai is 13 MB of Chinese glyphs. Without it such text falls back to the system's fonts.
    await cp(fonts, `${dir}/fonts`, { recursive: true, filter: (from) => !from.includes("Xiaolai") });
  },
};

export default [
  site(folder, out, {
    conditions: ["production"],
    first: [withoutMermaid, production, offline, json, stylesheet("excalidraw.css")],
    more: [commonjs(), carryFonts],
  }),
];
