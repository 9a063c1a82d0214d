import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { bundle, site } from "../../scripts/bundling.mjs";
import { headersOf, loaderPage, manifestOf, refusalOf, settingsOf } from "./build.mjs";

// What Figma loads: out/manifest.json, out/main.js and the loader's page, out/ui.html. What a web server has to hold, the
// panel: out/site. Where that server is, UNDERDRAW_PANEL says (README.md).

const folder = "plugins/figma";
const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"));
const settings = settingsOf(process.env, manifest);

/** Puts the settings of this build in the place of a module's placeholders. */
const settled = (...modules) => ({
  name: "settled",
  transform: (_, id) =>
    modules.some((module) => id === resolve(folder, module))
      ? {
          code: Object.entries(settings)
            .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
            .join("\n"),
          map: null,
        }
      : null,
});

/** Main is built with the small part of zod that it uses: all of it leaves no room for anything else. */
const withSmallZod = {
  name: "with-small-zod",
  resolveId: (id) => (id === "zod/mini" ? resolve(folder, "src/main/small-zod.ts") : null),
};

const written = {
  name: "written",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      const reason = file.type === "chunk" ? refusalOf(file.code) : null;
      if (reason) throw new Error(`Figma would refuse ${file.fileName}: ${reason}.`);
    }
    const source = `${JSON.stringify(manifestOf(manifest, settings), null, 2)}\n`;
    this.emitFile({ type: "asset", fileName: "manifest.json", source });
  },
};

const inPage = {
  name: "in-page",
  async generateBundle(_, files) {
    const script = Object.values(files).find((file) => file.type === "chunk");
    delete files[script.fileName];
    const html = await readFile(`${folder}/src/loader/loader.html`, "utf8");
    this.emitFile({ type: "asset", fileName: "ui.html", source: loaderPage(html, script.code) });
  },
};

const served = {
  name: "served",
  async generateBundle() {
    const headers = await readFile(`${folder}/static/_headers`, "utf8");
    this.emitFile({ type: "asset", fileName: "_headers", source: headersOf(headers, settings) });
    this.emitFile({ type: "asset", fileName: "health.json", source: await readFile(`${folder}/static/health.json`) });
  },
};

const main = bundle(`${folder}/src/main/main.ts`, {
  file: `${folder}/out/main.js`,
  format: "iife",
  target: "es2017",
  more: [settled("src/main/address.ts"), written],
});

export default [
  { ...main, plugins: [withSmallZod, ...main.plugins] },
  bundle(`${folder}/src/loader/loader.ts`, {
    file: `${folder}/out/loader.js`,
    format: "iife",
    target: "es2022",
    more: [inPage],
  }),
  site(`${folder}/src/panel`, `${folder}/out/site`, { more: [settled("src/panel/editor-origin.ts"), served] }),
];
