import { serveEngine } from "@underdraw/engine/worker";
import { openMini } from "@underdraw/model-mini";

serveEngine({ models: openMini });
