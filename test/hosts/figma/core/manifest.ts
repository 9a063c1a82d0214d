import { type NetworkAccess, networkFault } from "./network.ts";

// manifest.json, as far as it matters to a running plugin, and what Figma refuses of it.

/** An entry of the plugin's menu. */
export type MenuItem =
  | { readonly separator: true }
  | { readonly name: string; readonly command: string; readonly parameters?: unknown; readonly parameterOnly?: boolean }
  | { readonly name: string; readonly menu: readonly MenuItem[] };

/** A button on a node's panel. */
export interface RelaunchButton {
  readonly command: string;
  readonly name: string;
  readonly multipleSelection?: boolean;
}

/** A checked manifest. */
export interface Manifest {
  readonly name: string;
  readonly id: string;
  readonly editorType: readonly string[];
  readonly networkAccess: NetworkAccess;
  readonly menu: readonly MenuItem[];
  readonly relaunchButtons: readonly RelaunchButton[];
  readonly permissions: readonly string[];
}

const editors = ["figma", "figjam", "dev", "slides", "buzz"];

/** Reads a manifest; throws an Error that names what Figma would refuse. */
export function readManifest(value: unknown): Manifest {
  const refuse = (why: string): never => {
    throw new Error(`Manifest error: ${why}.`);
  };
  if (typeof value !== "object" || value === null) return refuse("it is not an object");
  const manifest = value as Readonly<Record<string, unknown>>;
  for (const key of ["name", "id", "main"]) {
    if (typeof manifest[key] !== "string" || manifest[key] === "") refuse(`"${key}" must be a text`);
  }
  if (manifest["api"] !== "1.0.0") refuse('"api" must be "1.0.0"');
  if (manifest["documentAccess"] !== "dynamic-page") refuse('"documentAccess" must be "dynamic-page" for a new plugin');
  const editorType = texts(manifest["editorType"]);
  if (!editorType || editorType.length === 0) return refuse('"editorType" must be a list of editors');
  const strange = editorType.find((editor) => !editors.includes(editor));
  if (strange !== undefined) refuse(`"editorType" has an unknown editor "${strange}"`);
  if (editorType.includes("figjam") && editorType.includes("dev"))
    refuse('"editorType" cannot be both "figjam" and "dev"');
  const access = manifest["networkAccess"] as Readonly<Record<string, unknown>> | undefined;
  const allowedDomains = texts(access?.["allowedDomains"]);
  if (!access || !allowedDomains) return refuse('"networkAccess.allowedDomains" must be a list of domains');
  const networkAccess: NetworkAccess = {
    allowedDomains,
    devAllowedDomains: texts(access["devAllowedDomains"]),
    reasoning: typeof access["reasoning"] === "string" ? access["reasoning"] : undefined,
  };
  const fault = networkFault(networkAccess);
  if (fault) refuse(fault);
  return {
    name: manifest["name"] as string,
    id: manifest["id"] as string,
    editorType,
    networkAccess,
    menu: (manifest["menu"] ?? []) as readonly MenuItem[],
    relaunchButtons: (manifest["relaunchButtons"] ?? []) as readonly RelaunchButton[],
    permissions: texts(manifest["permissions"]) ?? [],
  };
}

const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : undefined;

/** The commands of a menu, those of its submenus among them. */
export function commandsOf(menu: readonly MenuItem[]): readonly string[] {
  return menu.flatMap((item) => ("menu" in item ? commandsOf(item.menu) : "command" in item ? [item.command] : []));
}

/** Throws when main's text has what Figma's realm refuses to evaluate. */
export function refuseText(source: string): void {
  const found = [
    [/\bimport\s*\(/, "possible import expression rejected"],
    [/<!--|-->/, "possible html comment rejected"],
    [/\beval\s*\(/, "possible direct eval expression rejected"],
  ] as const;
  for (const [pattern, message] of found) if (pattern.test(source)) throw new SyntaxError(message);
}
