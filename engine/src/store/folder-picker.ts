import { UnderdrawError } from "../core/errors.ts";
import { opfsFolder } from "../models/opfs.ts";
import type { ModelFolder } from "../models/source.ts";

type Picker = (options: { readonly id?: string; readonly mode: "read" }) => Promise<FileSystemDirectoryHandle>;

const picker = (): Picker | undefined => (globalThis as { showDirectoryPicker?: Picker }).showDirectoryPicker;

/** Whether `pickFolder` can be offered here: Chromium's browsers have it, in pages that are https or localhost. */
export const canPickFolder = (): boolean => picker() !== undefined;

/**
 * Lets a person choose a model's folder, which is read where it lies. Only while a click is answered. Null when the person
 * closes the dialog. Rejects with `feature-missing` where there is no such dialog: there an `<input type="file"
 * webkitdirectory>` gives files for `blobFolder`.
 */
export async function pickFolder(): Promise<ModelFolder | null> {
  const show = picker();
  if (!show) {
    const feature = "showDirectoryPicker";
    const message = `This browser has no dialog for folders (${feature}). Let the folder be dropped, or chosen in an <input type="file" webkitdirectory>, and give its files to blobFolder.`;
    throw new UnderdrawError("feature-missing", message, { feature });
  }
  try {
    return opfsFolder(await show.call(globalThis, { id: "underdraw-model", mode: "read" }));
  } catch (cause) {
    if ((cause as Error).name === "AbortError") return null;
    throw cause;
  }
}
