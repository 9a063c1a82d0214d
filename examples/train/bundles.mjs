import { readdir, readFile } from "node:fs/promises";
import { site } from "../../scripts/bundling.mjs";

const folder = "examples/train";

/** Puts the worked example's pairs beside the page, under their own names. */
const pairs = {
  name: "pairs",
  async generateBundle() {
    for (const path of await readdir(`${folder}/pairs`, { recursive: true })) {
      if (!/\.\w+$/.test(path)) continue; // a folder
      const source = await readFile(`${folder}/pairs/${path}`);
      this.emitFile({ type: "asset", fileName: `pairs/${path.replaceAll("\\", "/")}`, source });
    }
  },
};

export default site(folder, "out/train", { more: [pairs] });
