import type { ModelFolder } from "../../engine/src/models/source.ts";

/** A folder that calls `onRead` after each piece of a file that is read: between two reads memory cannot hide for long. */
export const watchedFolder = (folder: ModelFolder, onRead: () => void): ModelFolder => ({
  ...folder,
  async open(path, options) {
    const source = await folder.open(path, options);
    return (
      source && {
        ...source,
        read(into, at) {
          source.read(into, at);
          onRead();
        },
      }
    );
  },
});
