import { defineCondition } from "@underdraw/engine";
import { serveEngine } from "@underdraw/engine/worker";
import { z } from "zod";

// The worker of worker.test.ts: an engine with a small model, and a way to fail.

/** Where the thread is held up for a while: a graph that runs on wasm does the same. */
const busy = defineCondition({
  id: "busy",
  title: "Busy",
  options: z.object({ ms: z.number() }),
  extract(source, { ms }) {
    const end = performance.now() + ms;
    while (performance.now() < end);
    source.data.fill(255);
    return source;
  },
});

serveEngine({
  models: `${location.origin}/test/golden/parity/five-levels`,
  runtime: { device: "cpu" },
  conditions: [busy],
});

addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  if (data === "fail")
    setTimeout(() => {
      throw new Error("boom");
    });
});
