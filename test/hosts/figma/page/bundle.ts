import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { usual } from "../../../../scripts/bundling.mjs";

let built: Promise<ReadonlyMap<string, string | Uint8Array>> | undefined;

/** The page's script and all that it loads, by file name; "page.js" is the first. */
export function pageFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  built ??= build();
  return built;
}

async function build(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const bundle = await rollup({
    input: fileURLToPath(new URL("page.ts", import.meta.url)),
    plugins: usual("es2022"),
    onwarn: () => {}, // other people's packages have circles and comments of their own
  });
  const { output } = await bundle.generate({ format: "es", entryFileNames: "[name].js" });
  await bundle.close();
  return new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}
