// Which addresses a plugin may reach: what its manifest lists, as a Content-Security-Policy and for Figma's own `fetch`.

/** What a manifest says of the network. */
export interface NetworkAccess {
  readonly allowedDomains: readonly string[];
  readonly devAllowedDomains?: readonly string[] | undefined;
  readonly reasoning?: string | undefined;
}

const pattern = /^(?:(https?|wss?):\/\/)?(\*\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d+|\*))?(\/[^\s;,]*)?$/i;

/** What is wrong with the list; null when nothing is. */
export function networkFault({ allowedDomains, devAllowedDomains = [], reasoning }: NetworkAccess): string | null {
  if (allowedDomains.length === 0) return "networkAccess.allowedDomains must have at least one entry";
  const alone = (word: string): boolean => allowedDomains.includes(word) && allowedDomains.length > 1;
  if (alone("none") || alone("*")) return 'networkAccess.allowedDomains: "none" and "*" stand alone';
  if (devAllowedDomains.some((domain) => domain === "none")) return 'networkAccess.devAllowedDomains may not be "none"';
  const local = (domain: string): boolean => pattern.exec(domain)?.[3] === "localhost";
  if ((allowedDomains.includes("*") || allowedDomains.some(local)) && !reasoning) {
    return 'networkAccess.reasoning is required for "*" and for localhost';
  }
  for (const domain of [...allowedDomains, ...devAllowedDomains]) {
    if (domain === "none" || domain === "*") continue;
    const host = pattern.exec(domain)?.[3];
    if (host === undefined || /^[\d.]+$/.test(host)) return `networkAccess: "${domain}" is not a valid domain`;
  }
  return null;
}

/** The hosts of a manifest as sources of a policy; a plugin in development may also reach `devAllowedDomains`. */
export function hostsOf({ allowedDomains, devAllowedDomains = [] }: NetworkAccess): readonly string[] {
  return [...allowedDomains.filter((domain) => domain !== "none"), ...devAllowedDomains];
}

/** The policy of the plugin's frames. Figma's own scripts stand in the page's text, so inline ones are allowed. */
export function policyOf(access: NetworkAccess): string {
  const sources = ["data:", "blob:", ...hostsOf(access)].join(" ");
  return [
    `default-src ${sources}`,
    `script-src 'unsafe-inline' 'unsafe-eval' ${sources}`,
    `style-src 'unsafe-inline' ${sources}`,
  ].join("; ");
}

/** True when a policy with these hosts lets an address pass, as CSP Level 3 matches sources (section 6.7.2). */
export function allows(access: NetworkAccess, address: string): boolean {
  const url = new URL(address);
  if (url.protocol === "data:" || url.protocol === "blob:") return true;
  return hostsOf(access).some((source) => matches(source, url));
}

function matches(source: string, url: URL): boolean {
  if (source === "*") return ["http:", "https:", "ws:", "wss:"].includes(url.protocol);
  const [, scheme = "https", wildcard, host = "", port, path] = pattern.exec(source) ?? [];
  const own = url.protocol.slice(0, -1);
  // A secure scheme is as good as the plain one that was listed.
  if (own !== scheme && own !== `${scheme}s`) return false;
  const name = url.hostname.toLowerCase();
  if (wildcard ? !name.endsWith(`.${host.toLowerCase()}`) : name !== host.toLowerCase()) return false;
  const usual: Readonly<Record<string, string>> = { http: "80", https: "443", ws: "80", wss: "443" };
  const used = url.port === "" ? usual[own] : url.port;
  if (port !== "*" && used !== (port ?? usual[own])) return false;
  if (path === undefined || path === "/") return true;
  return path.endsWith("/") ? url.pathname.startsWith(path) : url.pathname === path;
}
