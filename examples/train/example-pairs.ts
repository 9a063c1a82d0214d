import * as z from "zod/mini";
import type { ChosenFiles } from "./folder.ts";
import { say } from "./words.ts";

const line = z.object({ source: z.string(), target: z.string() });

/** The worked example: fifty icons and their silhouettes, which lie beside the page. */
export async function examplePairs(): Promise<ChosenFiles> {
  const list = await fetched("prompt.json");
  const paths = (await list.text())
    .split("\n")
    .filter((text) => text.trim() !== "")
    .map((text) => line.parse(JSON.parse(text)))
    .flatMap(({ source, target }) => [source, target]);
  const files = await Promise.all(paths.map(async (path): Promise<[string, File]> => [path, await fetched(path)]));
  return { name: say("example-name"), files: [["prompt.json", list], ...files] };
}

async function fetched(path: string): Promise<File> {
  const address = new URL(`pairs/${path}`, document.baseURI);
  const response = await fetch(address);
  if (!response.ok)
    throw new Error(`Could not fetch ${address.href} (status ${response.status}). Serve it beside the page.`);
  return new File([await response.blob()], path);
}
