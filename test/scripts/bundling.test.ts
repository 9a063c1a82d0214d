import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type OutputChunk, rollup } from "rollup";
import esbuild from "rollup-plugin-esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { carried, onnxruntimeFiles, page } from "../../scripts/bundling.mjs";

let source = "";
let out = "";

beforeAll(async () => {
  source = mkdtempSync(join(tmpdir(), "bundling-"));
  out = join(source, "out");
  const write = (name: string, text: string): void => writeFileSync(join(source, name), text);
  write(
    "index.html",
    '<link rel="stylesheet" href="./page.css"><script type="module" src="./page.ts"></script><a href="./x">x</a>',
  );
  write("page.css", "body { color: red }");
  write("numbers.bin", "one two");
  write(
    "page.ts",
    `export const files = { numbers: new URL(
       "./numbers.bin",
       import.meta.url,
     ) };
     export const again = new URL("./numbers.bin", import.meta.url);
     export const worker = (): URL => new URL("./worker.ts", import.meta.url);
     export const glue: string = "ort-wasm-simd-threaded.jspi.wasm";`,
  );
  write("worker.ts", "const answer: number = 42;\nexport default answer;\n");
  const bundle = await rollup({
    input: join(source, "page.ts"),
    plugins: [esbuild({ tsconfig: false }), carried(), page(source), onnxruntimeFiles()],
  });
  const { output } = await bundle.write({ dir: out, format: "es", entryFileNames: "[name].js", sourcemap: true });
  expect(output.filter((file): file is OutputChunk => file.type === "chunk")).toHaveLength(2);
});
afterAll(() => rmSync(source, { recursive: true }));

test("a page names its scripts as JavaScript and keeps what lies beside it", () => {
  expect(readFileSync(join(out, "index.html"), "utf8")).toBe(
    '<link rel="stylesheet" href="./page.css"><script type="module" src="./page.js"></script><a href="./x">x</a>',
  );
  expect(readFileSync(join(out, "page.css"), "utf8")).toBe("body { color: red }");
});

test("a carried file and a worker are found from the built script, wherever the folder lies", async () => {
  const built = await import(/* @vite-ignore */ pathToFileURL(join(out, "page.js")).href);
  expect(readFileSync(built.files.numbers, "utf8")).toBe("one two");
  expect(built.again.href).toBe(built.files.numbers.href);
  expect(built.files.numbers.href.startsWith(pathToFileURL(out).href)).toBe(true);
  const worker = await import(/* @vite-ignore */ built.worker().href);
  expect(worker.default).toBe(42);
});

test("only those files of onnxruntime come along that the scripts ask for, script and wasm together", () => {
  expect(readdirSync(join(out, "ort")).sort()).toEqual([
    "ort-wasm-simd-threaded.jspi.mjs",
    "ort-wasm-simd-threaded.jspi.wasm",
  ]);
});
