import { join } from "node:path";
import { netFiles } from "../../../engine/src/training/net-files.ts";
import { nodePlace } from "../../../engine/src/training/node-training-place.ts";
import { randomNet, trainedNets } from "../../engine/training-files-nets.ts";

// node scripts/run.mjs test/golden/training/write-nets.ts FOLDER: the nets of training-files-nets.ts as a training writes
// them, a folder each, for load_in_diffusers.py.

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError("Where to? Give a folder.");
for (const [name, config] of Object.entries(trainedNets)) {
  const files = netFiles(config, randomNet(config), { name });
  const place = nodePlace(join(folder, name));
  for (const file of [...files.folder, files.single]) await place.write(file.path, file.pieces());
}
