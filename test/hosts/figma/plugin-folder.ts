import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PluginFiles } from "./contract.ts";

/** Reads a plugin from its folder, as Figma does with "Import plugin from manifest": what manifest.json names, beside it. */
export async function readPlugin(folder: string): Promise<PluginFiles> {
  const text = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const manifest = JSON.parse(await text("manifest.json")) as {
    readonly main: string;
    readonly ui?: string | Readonly<Record<string, string>>;
  };
  const { main, ui } = manifest;
  const html =
    typeof ui === "object"
      ? Object.fromEntries(await Promise.all(Object.entries(ui).map(async ([name, file]) => [name, await text(file)])))
      : ui && (await text(ui));
  return { main: await text(main), manifest, ...(html ? { html } : {}) };
}
