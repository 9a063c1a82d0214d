import type { RuntimeOptions } from "@underdraw/engine";
import { serveEngine } from "@underdraw/engine/worker";
import { packBytes, packFolder } from "./pack-folder.ts";

// The worker's script: an engine with the pack that ships beside it, on the device that is the worker's name. How much
// of the pack was read goes to the page in a message of its own; the engine's pass it by.

let total: Promise<number> | null = null;
const pack = packFolder((loaded) => {
  total ??= packBytes();
  total.then(
    (total) => postMessage({ loaded, total }),
    () => {
      total = null; // what is not known is not shown; the files themselves tell what is wrong
    },
  );
});

serveEngine({
  models: pack,
  // This script lies in a folder beside that of onnxruntime's files.
  runtime: {
    device: self.name as NonNullable<RuntimeOptions["device"]>,
    assets: new URL("../ort/", location.href).href,
  },
});
