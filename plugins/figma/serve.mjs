import { readFile } from "node:fs/promises";
import { serve } from "../../scripts/serve.mjs";

// The panel's site on this machine, with the headers that it asks for: `node plugins/figma/serve.mjs [PORT]`. For a plugin
// that was built with UNDERDRAW_PANEL=http://localhost:PORT.

const site = new URL("out/site/", import.meta.url).pathname;
const port = Number(process.argv[2] ?? 5173);

/** The rules of a _headers file: paths, with * at their end, and below each the headers for it. */
const rules = (await readFile(`${site}_headers`, "utf8")).split(/\n(?=\/)/).map((rule) => {
  const [path, ...lines] = rule.trim().split("\n");
  const headers = lines.map((line) =>
    line
      .trim()
      .split(/:\s+(.*)/)
      .slice(0, 2),
  );
  return { path, headers };
});

const server = await serve(site, port);
server.prependListener("request", ({ url }, response) => {
  for (const { path, headers } of rules) {
    const applies = path.endsWith("*") ? url.startsWith(path.slice(0, -1)) : url.split("?")[0] === path;
    if (applies) for (const [name, value] of headers) response.setHeader(name, value);
  }
});
console.log(`The panel is on http://localhost:${port}`);
