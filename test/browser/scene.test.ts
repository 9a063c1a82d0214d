import { expect, test } from "vitest";
import { digest, expectedDigest } from "../engine/scene-bytes.ts";

// Lines, ids and picture of a drawing have the same bytes in a browser as in Node, in a worker and on the page.

test("a drawing painted in a worker and on a page has the bytes that Node gives it", async () => {
  const worker = new Worker(new URL("./scene-worker.ts", import.meta.url), { type: "module" });
  const answer = new Promise<{ readonly hash?: string; readonly failure?: string }>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`The worker failed: ${message}`));
  });
  try {
    expect(await answer).toEqual({ hash: expectedDigest });
  } finally {
    worker.terminate();
  }
  expect(await digest()).toBe(expectedDigest);
});
