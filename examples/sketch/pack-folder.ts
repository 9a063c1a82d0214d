import { type ModelFolder, streamedFolder } from "@underdraw/engine";
import { miniFiles, openMini } from "@underdraw/model-mini";
import { net } from "./net.ts";

/** Hears how much of the files that were asked for has come, in bytes. */
export type OnLoad = (loaded: number) => void;

/**
 * The mini pack as a folder whose files are fetched once: the engine holds their bytes anyway, and the recipe's
 * fingerprints read the same ones. A file that could not be fetched is tried again when it is asked for again.
 */
export function packFolder(onLoad: OnLoad): ModelFolder {
  const loads = new Map<string, number>();
  const pack = streamedFolder(openMini, {
    name: "model-mini",
    onLoad: (file, loaded) => {
      loads.set(file, loaded);
      onLoad([...loads.values()].reduce((sum, bytes) => sum + bytes, 0));
    },
  });
  const held = new Map<string, ReturnType<ModelFolder["open"]>>();
  return {
    ...pack,
    list: async () => miniFiles,
    open(path, options) {
      const opened = held.get(path);
      if (opened) return opened;
      const opening = pack.open(path, options);
      held.set(path, opening);
      opening.catch(() => held.delete(path));
      return opening;
    },
  };
}

/** The bytes that the checkpoint and its net have in the pack, for progress. */
export async function packBytes(): Promise<number> {
  const list: { files: { name: string; bytes: number; kind: string }[] } = await new Response(
    await openMini("manifest.json"),
  ).json();
  const needed = list.files.filter(({ name, kind }) => {
    const [top, of] = name.split("/");
    return kind !== "text" && (top !== "controlnet" || of === net);
  });
  return needed.reduce((sum, { bytes }) => sum + bytes, 0);
}
