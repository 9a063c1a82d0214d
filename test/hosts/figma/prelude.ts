import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import esbuild from "rollup-plugin-esbuild";

let built: Promise<string> | undefined;

/** The script that makes Figma's main realm of a bare QuickJS: realm/realm.ts and what it imports, as one text. */
export function preludeText(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const bundle = await rollup({
    input: fileURLToPath(new URL("realm/realm.ts", import.meta.url)),
    plugins: [esbuild({ target: "es2020", tsconfig: false })],
  });
  const { output } = await bundle.generate({ format: "iife" });
  await bundle.close();
  return output[0].code;
}
