import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serve } from "../../scripts/serve.mjs";

// The panel's site on this machine, with the headers that it asks for: `node plugins/figma/serve.mjs [PORT]`. For a plugin
// that was built with UNDERDRAW_PANEL=http://localhost:PORT.

/** The rules of a _headers file: paths, with * at their end, and below each the headers for it. */
const rulesOf = (text) =>
  text.split(/\n(?=\/)/).map((rule) => {
    const [path, ...lines] = rule.trim().split("\n");
    const headers = lines.map((line) => {
      const [name, value] = line.trim().split(/:\s+(.*)/);
      return [name.toLowerCase(), value];
    });
    return { path, headers };
  });

/** The headers that the rules have for a path. What several have is joined, as Cloudflare Pages does it. */
function headersFor(path, rules) {
  const found = {};
  for (const rule of rules) {
    const fits = rule.path.endsWith("*") ? path.startsWith(rule.path.slice(0, -1)) : path === rule.path;
    if (!fits) continue;
    for (const [name, value] of rule.headers) found[name] = name in found ? `${found[name]}, ${value}` : value;
  }
  return found;
}

/** Serves a built site on `http://localhost:PORT` (0: any free port) with the headers of its _headers file, and no others. */
export async function servePanel(folder, port) {
  const rules = rulesOf(await readFile(`${folder}/_headers`, "utf8"));
  const server = await serve(folder, port);
  server.prependListener("request", ({ url }, response) => {
    const own = headersFor(url.split("?")[0], rules);
    const { writeHead } = response;
    // The headers given to `writeHead` win over those set before. Of them only what belongs to the file is kept.
    response.writeHead = (status, given) => {
      const kept = Object.entries(given).filter(([name]) => /^content-(type|length)$/.test(name));
      return writeHead.call(response, status, { ...Object.fromEntries(kept), ...own });
    };
  });
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const port = Number(process.argv[2] ?? 5173);
  await servePanel(fileURLToPath(new URL("out/site", import.meta.url)), port);
  console.log(`The panel is on http://localhost:${port}`);
}
