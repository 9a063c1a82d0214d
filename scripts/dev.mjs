import { watch } from "rollup";
import configs from "../rollup.config.js";
import { serve } from "./serve.mjs";

// Builds an example page whenever its source changes, and serves it: `npm run dev`, `npm run dev -- playground`.

const port = Number(process.env.PORT ?? 5173);
const pages = configs.flatMap(({ output }) => /^out\/([\w-]+)$/.exec(output.dir ?? "")?.[1] ?? []);
const [name = "sketch"] = process.argv.slice(2);
if (!pages.includes(name)) {
  console.error(`There is no page "${name}". There are: ${pages.join(", ")}.`);
  process.exit(1);
}
const folder = `out/${name}`;
const page = configs.find(({ output }) => output.dir === folder);
const watcher = watch({ ...page, watch: { clearScreen: false } });

watcher.on("event", (event) => {
  if (event.code === "BUNDLE_END") {
    console.log(`Built in ${(event.duration / 1000).toFixed(1)} s: http://localhost:${port}`);
  }
  // A mistake in the source must not end the watching: it is said, and the next save tries again.
  if (event.code === "ERROR") console.error(event.error.message, event.error.loc ?? event.error.id ?? "");
  if ("result" in event) void event.result?.close();
});

try {
  await serve(folder, port);
} catch (error) {
  console.error(
    error.code === "EADDRINUSE"
      ? `Port ${port} is taken. Choose another: PORT=5174 npm run dev`
      : `The server did not start: ${error.message}`,
  );
  await watcher.close();
  process.exitCode = 1;
}
