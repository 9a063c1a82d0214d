import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, stop } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Packages of others stay imports; ours (`@underdraw/…` and `#…` inside them) are bundled from their source. */
const strangers = {
  name: "strangers",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
      kind === "entry-point" || path.startsWith("@underdraw/") ? undefined : { path, external: true },
    );
  },
};

/** Every module keeps its own `import.meta.url`, as if it had not been bundled: the pack finds its files by it. */
const addresses = {
  name: "addresses",
  setup({ onLoad }) {
    onLoad({ filter: /\.[mc]?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const address = JSON.stringify(pathToFileURL(path).href);
      // On the first line, so that line numbers stay; a line for the shell (`#!`) becomes a comment behind it.
      return {
        contents: `const importMetaUrl = ${address}; ${text.replace(/^#!/, "//")}`,
        loader: /ts$/.test(path) ? "ts" : "js",
      };
    });
  },
};

/** Bundles one TypeScript file for Node, with its source map inside. */
export async function bundled(entry) {
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20.19",
      conditions: ["@underdraw/source"],
      define: { "import.meta.url": "importMetaUrl" },
      plugins: [strangers, addresses],
      sourcemap: "inline",
      sourcesContent: false,
      sourceRoot: pathToFileURL(`${root}/`).href,
      // The map's paths are written as if the bundle lay in the root.
      outfile: `${root}/run.mjs`,
      logLevel: "warning",
    });
    return outputFiles[0].text;
  } finally {
    await stop();
  }
}
