import { mkdir, readFile, writeFile } from "node:fs/promises";
import {
  type Control,
  createPixels,
  Engine,
  type GenerateRequest,
  type Pixels,
  strengthPad,
  strengthPresets,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";

// Draws one sketch with every strength that a control can have, each beside its fidelity, for the sheet of the guide:
//   node scripts/run.mjs examples/gallery/control.ts [sketch.png] [prompt]

const [, , sketchFile = "models/sketches/fish.png", prompt = "flat emoji of blue fish"] = process.argv;
const out = "out/gallery/control";

await using engine = new Engine({ models: nodeFolder(miniFolder()) });
await using pipeline = await engine.load({ nets: ["lines"] });
const { pixels } = await readPicture(await readFile(sketchFile), { name: sketchFile });
const control: Control = { map: { condition: "scribble", pixels }, net: "lines" };
const request: GenerateRequest = { prompt, controls: [control], seed: 3 };

/** White on the left half. */
function leftHalf({ width, height }: Pixels): Pixels {
  const mask = createPixels(width, height);
  for (let i = 0; i < width * height; i++) mask.data.fill(i % width < width / 2 ? 255 : 0, 4 * i, 4 * i + 3);
  for (let i = 3; i < mask.data.length; i += 4) mask.data[i] = 255;
  return mask;
}

const rows: readonly (readonly [label: string, settings: Partial<Control>])[] = [
  ["weight 0", { weight: 0 }],
  ["weight 0.3", { weight: 0.3 }],
  ["weight 0.6", { weight: 0.6 }],
  ["weight 1", {}],
  ["weight 1.5", { weight: 1.5 }],
  ["weight 2", { weight: 2 }],
  ["range 0 to 0.25", { range: [0, 0.25] }],
  ["range 0 to 0.5", { range: [0, 0.5] }],
  ["range 0.5 to 1", { range: [0.5, 1] }],
  [
    "curve 1 to 0",
    {
      curve: [
        [0, 1],
        [1, 0],
      ],
    },
  ],
  ["the left half alone", { mask: leftHalf(pixels) }],
  ["balanced", strengthPresets.balanced],
  ["prompt matters more", strengthPresets.prompt],
  ["control matters more", strengthPresets.control],
  ["guess mode", strengthPresets.guess],
  ["the paper's resolution weighting", strengthPresets.resolution],
  ["pad: 0.5, 0.5", strengthPad(0.5, 0.5)],
];

await mkdir(out, { recursive: true });
const shown: { readonly file: string; readonly label: string; readonly note: string }[] = [];
const show = async (file: string, picture: Pixels, label: string, note: string) => {
  await writeFile(`${out}/${file}`, await writePicture(picture, { format: "png" }));
  shown.push({ file, label, note });
};
await show("map.png", pixels, "the sketch", prompt);
for (const [n, [label, settings]] of rows.entries()) {
  const result = await pipeline.generate({ ...request, controls: [{ ...control, ...settings }] });
  const [fidelity] = result.fidelity;
  const note = fidelity ? `${fidelity.value.toFixed(2)}, by chance ${fidelity.chance.toFixed(2)}` : "does not act";
  await show(`${n}.png`, result.pixels, label, note);
}
const { influence } = await pipeline.generate(request, { influence: true });
const acted = influence?.controls[0];
if (acted) await show("influence.png", acted.map, "where it acted", `${acted.mean.toFixed(2)} of the features' size`);
await writeFile(`${out}/shown.json`, JSON.stringify(shown));
