import { isAtLeast } from "./version.ts";

// A plugin's manifest, version 5, and what it permits. What is not declared is denied. Adobe's rules as its manifest
// reference has them; a manifest that Photoshop would not install is refused by what is wrong with it.

/** One thing that a plugin offers in Photoshop's menus. */
export interface Entrypoint {
  readonly type: "panel" | "command";
  readonly id: string;
}

/** What the rest of the simulator asks of a manifest. */
export interface Manifest {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly entrypoints: readonly Entrypoint[];
  /** True when a request to that address may leave. */
  mayFetch(url: string): boolean;
  /** Null when a webview may show an address, else why not. */
  webviewRefusal(url: string): string | null;
  /** True when a page in a webview and the plugin may send each other messages. */
  mayTalk(url: string): boolean;
  readonly files: "plugin" | "request" | "fullAccess";
  readonly clipboard: "none" | "read" | "readAndWrite";
  /** True when `shell.openExternal` may be asked for a scheme. */
  mayLaunch(scheme: string): boolean;
}

interface Raw {
  readonly manifestVersion?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly version?: unknown;
  readonly main?: unknown;
  readonly host?: { readonly app?: unknown; readonly minVersion?: unknown };
  readonly entrypoints?: readonly Entrypoint[];
  readonly requiredPermissions?: {
    readonly network?: { readonly domains?: Domains };
    readonly webview?: {
      readonly allow?: unknown;
      readonly allowLocalRendering?: unknown;
      readonly enableMessageBridge?: unknown;
      readonly domains?: Domains;
    };
    readonly localFileSystem?: Manifest["files"];
    readonly clipboard?: Manifest["clipboard"];
    readonly launchProcess?: { readonly schemes?: readonly string[] };
    readonly allowCodeGenerationFromStrings?: unknown;
  };
}

type Domains = "all" | readonly string[] | undefined;

const local = /^plugin(-data|-temp)?:\//;

/** True for an address inside the plugin's own folders. */
export const isLocal = (url: string): boolean => local.test(url);

function refuse(what: string): never {
  throw new Error(`Photoshop refuses the manifest: ${what}.`);
}

function checkDomains(domains: Domains, where: string): void {
  for (const domain of domains === "all" ? [] : (domains ?? [])) {
    if (!/^(https?|wss?):\/\//.test(domain)) refuse(`${where} holds "${domain}", which has no scheme`);
    const labels = (domain.split("://")[1] ?? "").replace(/[:/].*$/, "").split(".");
    if (labels.slice(1).some((label) => label.includes("*")) || labels.at(-1)?.includes("*")) {
      refuse(`${where} holds "${domain}", whose wildcard may stand only for what is below a domain`);
    }
  }
}

/** True when one of the patterns names the address's scheme, host and port. */
function covers(domains: Domains, url: string): boolean {
  if (domains === "all") return true;
  const { protocol, host } = new URL(url);
  return (domains ?? []).some((domain) => {
    const [scheme = "", rest = ""] = domain.split("://");
    const name = rest.replace(/\/.*$/, "");
    if (`${scheme}:` !== protocol) return false;
    return name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
  });
}

/** Reads a manifest for a version of Photoshop; throws, saying what Photoshop would not take. */
export function readManifest(text: string, version: string): Manifest {
  const raw = JSON.parse(text) as Raw;
  if (raw.manifestVersion !== 5) refuse(`manifestVersion is ${JSON.stringify(raw.manifestVersion)} and should be 5`);
  if (typeof raw.id !== "string" || raw.id === "") refuse("it has no id");
  if (typeof raw.name !== "string" || raw.name.length < 3 || raw.name.length > 45) {
    refuse("its name should have 3 to 45 characters");
  }
  if (typeof raw.version !== "string" || !/^\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(raw.version)) {
    refuse(`its version is ${JSON.stringify(raw.version)} and should be x.y.z, each from 0 to 99`);
  }
  if (typeof raw.main !== "string") refuse("it names no main file");
  if (raw.host?.app !== "PS") refuse('its host should be "PS"');
  if (typeof raw.host.minVersion !== "string" || !isAtLeast(version, raw.host.minVersion)) {
    refuse(`it needs Photoshop ${String(raw.host.minVersion)}, and this is ${version}`);
  }
  const entrypoints = raw.entrypoints ?? [];
  const ids = entrypoints.map(({ id }) => id);
  if (ids.length === 0 || new Set(ids).size !== ids.length)
    refuse("its entrypoints should be there, each with its own id");
  const permissions = raw.requiredPermissions ?? {};
  const { network, webview, localFileSystem, clipboard, launchProcess } = permissions;
  checkDomains(network?.domains, "network.domains");
  checkDomains(webview?.domains, "webview.domains");

  function webviewRefusal(url: string): string | null {
    if (!webview) return "the manifest asks for no webview";
    if (webview.allow !== "yes" && !isAtLeast(version, "27.4")) return 'the manifest has no webview.allow: "yes"';
    if (isLocal(url)) return webview.allowLocalRendering === "yes" ? null : "webview.allowLocalRendering is not yes";
    if (webview.domains === undefined && isAtLeast(version, "26.10")) return null;
    return covers(webview.domains, url) ? null : "the domain is not in webview.domains";
  }

  return {
    id: raw.id,
    name: raw.name,
    version: raw.version,
    main: raw.main,
    entrypoints,
    mayFetch: (url) => covers(network?.domains, url),
    webviewRefusal,
    mayTalk: (url) =>
      webview?.enableMessageBridge === "localAndRemote" ||
      (webview?.enableMessageBridge === "localOnly" && isLocal(url)),
    files: localFileSystem ?? "plugin",
    clipboard: clipboard ?? "none",
    mayLaunch: (scheme) => launchProcess?.schemes?.includes(scheme) ?? false,
  };
}
