import { type RuntimeOptions, toWire } from "@underdraw/engine";
import { readAsked, type Told } from "./protocol.ts";
import { type Asking, Studio } from "./studio.ts";

// The worker's script: what the page asks is done in a studio, on the device that is the worker's name.

const running = new Map<number, AbortController>();

const studio = new Studio({
  device: self.name as NonNullable<RuntimeOptions["device"]>,
  // This script lies in a folder beside that of onnxruntime's files.
  assets: new URL("../ort/", location.href).href,
});

// What is only reported, as a last checkpoint that found no room, is told, and is no end of the worker. What nobody caught
// is: the page hears of errors as it is, and of promises in this way.
self.reportError = (error: unknown) =>
  postMessage({ reported: error instanceof Error ? error.message : String(error) });
addEventListener("unhandledrejection", ({ reason }) => {
  throw reason;
});
addEventListener("message", ({ data }: MessageEvent<unknown>) => void answer(data));

async function answer(message: unknown): Promise<void> {
  const asked = readAsked(message);
  const { id: of } = asked;
  const stopping = new AbortController();
  running.set(of, stopping);
  const tell = (event: Told): void => postMessage({ of, event });
  try {
    postMessage({ of, answer: { value: await done(asked, { tell, signal: stopping.signal }) } });
  } catch (error) {
    postMessage({ of, error: toWire(error) });
  } finally {
    running.delete(of);
  }
}

function done(asked: ReturnType<typeof readAsked>, asking: Asking): unknown {
  switch (asked.ask) {
    case "begin":
      return studio.begin();
    case "kept":
      return studio.kept();
    case "open":
      return studio.open(asked.what, asking);
    case "plan":
      return studio.plan(asked.what, asking);
    case "train":
      return studio.train(asked.what, asking);
    case "draw":
      return studio.draw(asked.what, asking);
    case "write":
      return studio.write(asked.what);
    case "forget":
      return studio.forget();
    case "stop":
      return running.get(asked.what.of)?.abort();
  }
}
