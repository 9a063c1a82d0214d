import { expect, test } from "vitest";
import { digest, expectedDigest } from "./scene-bytes.ts";

// The browser's half is test/browser/scene.test.ts. A change of how scenes are painted changes the hash on purpose: look at
// the pictures of both, then write the new one down.

test("a drawing with everything has the bytes that were written down", async () => {
  expect(await digest()).toBe(expectedDigest);
});
