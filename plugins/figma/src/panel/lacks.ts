/** What the page cannot have here, in the panel's terms. */
export type PageLack = "insecure-page" | "storage-absent" | "storage-blocked";

/** What is looked at of a page's realm. */
export interface PageRealm {
  readonly isSecureContext: boolean;
  readonly navigator: { readonly storage?: { getDirectory?(): Promise<unknown> } };
}

/**
 * Finds what is missing before anything is loaded. A page that is not secure has neither WebGPU nor storage; a person may
 * have told the browser to keep storage from pages in frames. Neither is a failure: models are then read anew each time.
 */
export async function findLacks({ isSecureContext, navigator }: PageRealm): Promise<readonly PageLack[]> {
  if (!isSecureContext) return ["insecure-page"];
  const { storage } = navigator;
  if (!storage?.getDirectory) return ["storage-absent"];
  try {
    await storage.getDirectory();
    return [];
  } catch {
    return ["storage-blocked"];
  }
}
