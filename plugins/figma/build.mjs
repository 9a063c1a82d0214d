// What a build of the plugin decides and what it refuses. Plain functions, so that tests can ask them too.

/** Figma's limits as we keep them, in bytes: main has little memory, and the loader's page must be there at once. */
export const most = { main: 40_000, loader: 10_000 };

/**
 * Reads the settings of a build. UNDERDRAW_PANEL: the address of the panel's site, https or http://localhost:PORT.
 * UNDERDRAW_FIGMA_ID: the plugin's id, issued by Figma. UNDERDRAW_EDITOR: the origin of the editor's page, for a simulator.
 * @param {Readonly<Record<string, string | undefined>>} environment
 */
export function settingsOf(environment, manifest) {
  const { UNDERDRAW_PANEL, UNDERDRAW_FIGMA_ID, UNDERDRAW_EDITOR } = environment;
  const panel = addressOf("UNDERDRAW_PANEL", UNDERDRAW_PANEL || manifest.networkAccess.allowedDomains[0]);
  if (!panel.pathname.endsWith("/")) panel.pathname += "/";
  const editor = addressOf("UNDERDRAW_EDITOR", UNDERDRAW_EDITOR || "https://www.figma.com");
  return {
    id: UNDERDRAW_FIGMA_ID || manifest.id,
    panelAddress: panel.href,
    panelOrigin: panel.origin,
    editorOrigin: editor.origin,
  };
}

function addressOf(name, text) {
  const refuse = (reason) => new Error(`${name}: ${JSON.stringify(text)} ${reason}`);
  if (!URL.canParse(text)) throw refuse("is no address. Give one like https://panel.example.org/.");
  const url = new URL(text);
  const isLocal = url.protocol === "http:" && url.hostname === "localhost";
  if (/^\[|^[\d.]+$/.test(url.hostname))
    throw refuse("is an IP address, which Figma refuses. Take http://localhost:PORT.");
  if (url.protocol !== "https:" && !isLocal)
    throw refuse("is neither https nor http://localhost:PORT: it gets no WebGPU.");
  if (url.username || url.password || url.search || url.hash) throw refuse("holds more than a host and a folder.");
  return url;
}

/** The manifest of a build: its id, and the panel's origin as all that the plugin may reach. */
export function manifestOf(manifest, { id, panelOrigin }) {
  const isLocal = panelOrigin.startsWith("http:");
  const { reasoning, devAllowedDomains } = manifest.networkAccess;
  const networkAccess = isLocal
    ? { allowedDomains: ["none"], devAllowedDomains: [panelOrigin], reasoning }
    : { allowedDomains: [panelOrigin], devAllowedDomains, reasoning };
  return { ...manifest, id, networkAccess };
}

/** The headers of the panel's site, for the editor that may frame it. */
export function headersOf(headers, { editorOrigin }) {
  return editorOrigin === "https://www.figma.com"
    ? headers
    : headers.replace(/frame-ancestors .*/, () => `frame-ancestors ${editorOrigin}`);
}

/**
 * Says what Figma would refuse main's script for, or null. Its checks read the text: `import(` and, as is reported of the
 * same family, HTML comments and a direct `eval(`, in strings too.
 */
export function refusalOf(code) {
  const bytes = Buffer.byteLength(code);
  if (bytes >= most.main) return `it has ${bytes} bytes, and must have fewer than ${most.main}`;
  const found = code.match(/\bimport\s*\(|<!--|-->|\beval\s*\(/);
  return found ? `it contains ${JSON.stringify(found[0])}` : null;
}

/** The loader's page with its script inside. Throws when it is too large. */
export function loaderPage(html, code) {
  const script = code.trim().replaceAll("</script", "<\\/script");
  const page = html.replace(/\n\s*/g, "\n").replace("/* loader.ts */", () => script);
  const bytes = Buffer.byteLength(page);
  if (bytes >= most.loader) throw new Error(`ui.html has ${bytes} bytes, and must have fewer than ${most.loader}.`);
  return page;
}
