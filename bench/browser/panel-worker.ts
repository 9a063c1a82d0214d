import { serveEngine } from "@underdraw/engine/worker";

// The engine's worker of bench/panel.ts: the real one, with no model.

serveEngine({ runtime: { assets: new URL("./ort/", import.meta.url).href } });
