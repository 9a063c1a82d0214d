import { nodePlace } from "../../engine/src/training/node-training-place.ts";

// A process of its own that writes a file of `count` pieces of 64 KiB into a place and says how far it is. A test kills
// it in the middle, or lets it write where there is no room, or as a user who may not.

const [folder = "", path = "", count = "0", user] = process.argv.slice(2);
if (user !== undefined) process.setuid?.(Number(user));
async function* pieces() {
  const piece = new Uint8Array(65_536).fill(7);
  for (let n = 0; n < Number(count); n++) {
    yield piece;
    process.stdout.write(`${n + 1}\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
await nodePlace(folder)
  .write(path, pieces())
  .catch((error) => process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`));
