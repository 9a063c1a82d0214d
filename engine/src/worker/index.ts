// The engine in a worker of its own: `serveEngine` in the worker's script, `connectEngine` on the page, which gives what
// an `Engine` is. Between them goes data alone, checked on both sides. The page's half holds no engine: a page that only
// connects loads neither graphs nor onnxruntime. It decides nothing about pictures: what is asked goes over as it is.

export { type ConnectEngineOptions, connectEngine, type WorkerEngine } from "./client.ts";
export type { EngineWorker } from "./link.ts";
export { type EngineScope, type ServeEngineOptions, serveEngine } from "./server.ts";
