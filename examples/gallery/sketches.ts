import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Engine } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";
import { z } from "zod";

// Draws the ten sketches that were drawn with a mouse (scripts/sketches.mjs), each with its prompt and seed 1, whatever
// comes of it, for the README's sheet:
//   node scripts/run.mjs examples/gallery/sketches.ts

const folder = "models/recipe/sketches";
const out = "out/gallery/sketches";
const strokes = z.record(z.string(), z.object({ prompt: z.string() }));
const sketches = strokes.parse(JSON.parse(await readFile(`${folder}/strokes.json`, "utf8")));

await using engine = new Engine({ models: nodeFolder(miniFolder()) });
await using pipeline = await engine.load({ nets: ["lines"] });
await mkdir(out, { recursive: true });
const shown: { readonly file: string; readonly sketch: string; readonly label: string; readonly note: string }[] = [];
for (const [name, { prompt }] of Object.entries(sketches)) {
  const sketch = `${folder}/${name}.png`;
  const { pixels } = await readPicture(await readFile(sketch), { name: sketch });
  const controls = [{ map: { condition: "scribble", pixels }, net: "lines" }];
  const result = await pipeline.generate({ prompt, controls, seed: 1 });
  const [fidelity] = result.fidelity;
  const file = `${out}/${name}.png`;
  await writeFile(file, await writePicture(result.pixels, { format: "png" }));
  const note = fidelity ? `${fidelity.value.toFixed(2)}, by chance ${fidelity.chance.toFixed(2)}` : "";
  shown.push({ file, sketch, label: prompt, note });
}
await writeFile(`${out}/shown.json`, JSON.stringify(shown));
