import { serveEngine } from "@underdraw/engine/worker";
import { openMini } from "@underdraw/model-mini";

// The engine, off the page's thread, with the model pack that lies beside it on the panel's site.
serveEngine({ models: openMini });
