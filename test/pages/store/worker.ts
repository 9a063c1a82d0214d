import { answer } from "./calls.ts";

addEventListener("message", async ({ data, ports }: MessageEvent<{ call: string; given: unknown[] }>) => {
  ports[0]?.postMessage(await answer(data.call, data.given));
});
