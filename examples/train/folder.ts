/** Files by their paths inside the folder that was chosen or dropped, and the folder's name. */
export interface ChosenFiles {
  readonly name: string;
  readonly files: [path: string, file: File][];
}

/** The files of an input: of a folder, or some files. Null when nothing was chosen. */
export function filesOfInput(input: HTMLInputElement): ChosenFiles | null {
  const files = [...(input.files ?? [])].map((file): [string, File] => [file.webkitRelativePath || file.name, file]);
  // The same folder may be chosen again.
  input.value = "";
  return files.length === 0 ? null : withoutTop(files);
}

/** The files of what was dropped, folders and all. Null for a drop without files. */
export async function filesOfDrop(transfer: DataTransfer): Promise<ChosenFiles | null> {
  // The entries must be asked for before the first wait.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files: [string, File][] = [];
  for (const entry of entries) await walk(entry, "", files);
  return files.length === 0 ? null : withoutTop(files);
}

async function walk(entry: FileSystemEntry, above: string, into: [string, File][]): Promise<void> {
  const path = `${above}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push([path, file]);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // Browsers give some hundred entries at a time, and then none.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, `${path}/`, into);
  }
}

/** Takes the one folder that all files lie in off their paths. */
function withoutTop(files: [string, File][]): ChosenFiles {
  const [top = ""] = files[0]?.[0].split("/") ?? [];
  if (!files.every(([path]) => path.startsWith(`${top}/`))) return { name: "these files", files };
  return { name: top, files: files.map(([path, file]) => [path.slice(top.length + 1), file]) };
}
