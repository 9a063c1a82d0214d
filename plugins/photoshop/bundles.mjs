import { bundle, inlined } from "../../scripts/bundling.mjs";

// What Photoshop loads.

export default [
  bundle("plugins/photoshop/src/host/main.ts", {
    file: "plugins/photoshop/out/main.js",
    format: "cjs",
    target: "es2020",
    external: ["photoshop", "uxp"],
  }),
  bundle("plugins/photoshop/src/panel/panel.ts", {
    file: "plugins/photoshop/out/panel.js",
    format: "es",
    target: "es2022",
    more: [inlined("plugins/photoshop/src/panel")],
  }),
];
