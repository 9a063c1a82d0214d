import { nodeStore } from "../../engine/src/store/node-store.ts";

// A process of its own that downloads into a store: store.test.ts kills it in the middle.

const [folder = "", address = ""] = process.argv.slice(2);
const store = await nodeStore({ folder, pauses: [] });
await store.download(await store.plan(address), {
  onProgress: (progress) => process.stdout.write(`${"loaded" in progress ? progress.loaded : 0}\n`),
});
