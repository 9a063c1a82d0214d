import { checkPath } from "../models/folder.ts";
import { quoted } from "../models/refusal.ts";
import { invalid } from "./failure.ts";

/** A file or folder of a Hugging Face repository. */
export interface HubAddress {
  readonly kind: "hub";
  readonly owner: string;
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** A file's or a folder's path inside the repository; "" for all of it. */
  readonly path: string;
}

/** Where a model may come from. */
export type Address = HubAddress | { readonly kind: "web"; readonly url: URL };

/** Owners and names of repositories: huggingface.co allows letters, digits, "-", "_" and ".", at most 96 of them. */
const repositoryName = /^(?!.*\.\.)[A-Za-z0-9_][\w.-]{0,95}$/;

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether nobody between here and an address can change what it says, or a hash would tell. */
export const isSafe = (url: URL, hashed: boolean): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && (hashed || loopback.test(url.hostname)));

/** Reads an address as a person writes it. Throws `request-invalid` for one that nothing may be fetched from. */
export function parseAddress(text: string, hashed: boolean): Address {
  if (text.startsWith("hf:")) return hubAddress(text);
  if (!URL.canParse(text))
    throw invalid("address", `${quoted(text)} is no address. Give one with https:, or hf:owner/name/path.`);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw invalid(
      "address",
      `The address at ${quoted(url.host)} holds a password. Leave it out, and give a token instead.`,
    );
  if (url.protocol === "http:" && !isSafe(url, hashed))
    throw invalid(
      "address",
      `${quoted(text)} is not encrypted: anybody between could change the file. Use https:, or give the file's SHA-256.`,
    );
  if (!isSafe(url, hashed))
    throw invalid("address", `${quoted(text)} is no address of the web. Give one with https:, or hf:owner/name/path.`);
  url.hash = "";
  return pageOf(url) ?? { kind: "web", url };
}

function hubAddress(text: string): HubAddress {
  const wrong = (): Error =>
    invalid("address", `${quoted(text)} is not of the form hf:owner/name[@revision][/path]. Correct it.`);
  const found = /^hf:(?:\/\/)?([^/@]+)\/([^/@]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(text);
  const [, owner = "", name = "", revision = "main", rest = ""] = found ?? [];
  if (!repositoryName.test(owner) || !repositoryName.test(name)) throw wrong();
  const path = rest.replace(/\/+$/, "");
  if (path !== "") checkPath(path, text);
  let plain: string;
  try {
    plain = decodeURIComponent(revision);
  } catch {
    throw wrong();
  }
  checkPath(plain, text);
  return { kind: "hub", owner, name, revision: plain, path };
}

/**
 * What people copy from their browser: the page of a repository or of a file in it, in place of the file. The form of
 * `resolve` is left as it is.
 */
function pageOf({ hostname, pathname }: URL): HubAddress | null {
  if (hostname !== "huggingface.co" && hostname !== "hf.co") return null;
  let segments: string[];
  try {
    segments = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
  const [owner = "", name = "", view, revision = "main", ...path] = segments;
  if (!repositoryName.test(owner) || !repositoryName.test(name)) return null;
  if (view !== undefined && view !== "blob" && view !== "tree") return null;
  checkPath(revision, pathname);
  if (path.length > 0) checkPath(path.join("/"), pathname);
  return { kind: "hub", owner, name, revision, path: path.join("/") };
}

/** An address as it is kept and shown. */
export function addressText(address: Address): string {
  if (address.kind === "web") return address.url.href;
  const { owner, name, revision, path } = address;
  const at =
    revision === "main" ? "" : `@${/^refs\/(?:convert|pr)\//.test(revision) ? revision : encodeURIComponent(revision)}`;
  return `hf:${owner}/${name}${at}${path === "" ? "" : `/${path}`}`;
}
