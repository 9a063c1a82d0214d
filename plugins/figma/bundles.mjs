import { bundle, inlined } from "../../scripts/bundling.mjs";

// What Figma loads.

export default [
  bundle("plugins/figma/src/main/main.ts", { file: "plugins/figma/out/main.js", format: "iife", target: "es2017" }),
  bundle("plugins/figma/src/panel/panel.ts", {
    file: "plugins/figma/out/panel.js",
    format: "es",
    target: "es2022",
    more: [inlined("plugins/figma/src/panel")],
  }),
];
