import { type ModelFolder, streamedFolder } from "@underdraw/engine";
import { miniFiles, openMini } from "@underdraw/model-mini";

/** Hears how many bytes of the pack have come, and how many will. */
export type OnLoad = (loaded: number, total: number) => void;

/**
 * The mini pack as the base that stays locked. Each file is fetched once: training and drawing read the same bytes. A file
 * that could not be fetched is tried again when it is asked for again.
 */
export function packFolder(onLoad: OnLoad): ModelFolder {
  const loads = new Map<string, number>();
  let total: Promise<number> | null = null;
  const pack = streamedFolder(openMini, {
    name: "model-mini",
    onLoad(file, loaded) {
      loads.set(file, loaded);
      const sum = [...loads.values()].reduce((all, bytes) => all + bytes, 0);
      total ??= packBytes();
      // What is not known is not shown; the files themselves tell what is wrong.
      void total.then((all) => onLoad(Math.min(sum, all), all)).catch(() => undefined);
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

/** The bytes that the base has in the pack, its nets left out: a net of one's own begins without them. */
async function packBytes(): Promise<number> {
  const list: { files: { name: string; bytes: number; kind: string }[] } = await new Response(
    await openMini("manifest.json"),
  ).json();
  const needed = list.files.filter(({ name, kind }) => kind !== "text" && !name.startsWith("controlnet/"));
  return needed.reduce((sum, { bytes }) => sum + bytes, 0);
}
