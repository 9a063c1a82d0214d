import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cdp } from "vitest/browser";
import { opfsPlace } from "../../engine/src/training/opfs-place.ts";
import { placeContract } from "../engine/training-files-contract.ts";
import type { Calls } from "./training-files-worker.ts";

// The origin's own files as a training's place: on a page, where files are written aside by the browser, and in a worker,
// where access handles write in place.

type Ask = <Name extends keyof Calls>(call: Name, ...given: Parameters<Calls[Name]>) => ReturnType<Calls[Name]>;

/** Starts a worker that answers calls; a message of number 0 is what `said` hears. */
function start(): { readonly ask: Ask; readonly said: Promise<unknown>; stop(): void } {
  const worker = new Worker(new URL("./training-files-worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  const said = new Promise((resolve, reject) => waiting.set(0, { resolve, reject }));
  worker.onmessage = ({ data }: MessageEvent<{ id: number; result?: unknown; failure?: unknown }>) => {
    const { id, result, failure } = data;
    if (failure) waiting.get(id)?.reject(failure);
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  };
  let asked = 0;
  const ask = (call: string, ...given: unknown[]): Promise<unknown> => {
    const promise = new Promise((resolve, reject) => waiting.set(++asked, { resolve, reject }));
    worker.postMessage({ id: asked, call, given });
    return promise;
  };
  return { ask: ask as Ask, said, stop: () => worker.terminate() };
}

let made = 0;
const newPath = () => `trainings/${++made}`;
const clear = async () => {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry("trainings", { recursive: true }).catch(() => undefined);
};
beforeEach(clear);

/** The names of all that truly lies in a place's folder. */
async function namesIn(path: string): Promise<string[]> {
  let at = await navigator.storage.getDirectory();
  for (const segment of path.split("/")) at = await at.getDirectoryHandle(segment);
  const names: string[] = [];
  for await (const name of at.keys()) names.push(name);
  return names;
}

describe("on a page", () => {
  placeContract(async () => opfsPlace(newPath()));

  test("a page is called by its folder, and tells what is free", async () => {
    const place = opfsPlace("trainings/mine");
    expect(place.name).toBe("mine");
    expect(await place.free()).toBeGreaterThan(1e6);
    await place.write("a.bin", [Uint8Array.of(1)]);
    expect((await place.open("a.bin"))?.name).toBe("mine/a.bin");
    expect(() => opfsPlace("../mine")).toThrow(expect.objectContaining({ code: "file-invalid" }));
  });
});

describe("in a worker", () => {
  let worker: ReturnType<typeof start>;
  let ask: Ask;
  beforeEach(() => {
    worker = start();
    ask = worker.ask;
  });
  afterEach(() => worker.stop());

  test("what is written is read, written over, listed and removed, here and on the page", async () => {
    const path = newPath();
    expect(await ask("list", path)).toEqual([]);
    expect(await ask("read", path, "net/a.bin")).toBeNull();
    const large = Uint8Array.from({ length: 3_000_000 }, (_, n) => n % 251);
    await ask("write", path, "net/a.bin", [Uint8Array.of(1, 2), large]);
    const read = await ask("read", path, "net/a.bin");
    expect(read?.length).toBe(3_000_002);
    expect(read?.subarray(2).findIndex((byte, n) => byte !== n % 251)).toBe(-1);
    await ask("write", path, "net/a.bin", [Uint8Array.of(3)]);
    await ask("write", path, "b.bin", []);
    expect(await ask("read", path, "net/a.bin")).toEqual(Uint8Array.of(3));
    expect([...(await ask("list", path))].sort()).toEqual(["b.bin", "net/a.bin"]);
    expect(await opfsPlace(path).list()).toEqual(await ask("list", path));
    await ask("remove", path, "net/a.bin");
    await ask("remove", path, "net/a.bin");
    expect(await ask("list", path)).toEqual(["b.bin"]);
    expect(await ask("free", path)).toBeGreaterThan(1e6);
  });

  test("a worker that dies while it writes leaves the old file", async () => {
    const path = newPath();
    await ask("write", path, "checkpoint.bin", [Uint8Array.of(1, 2, 3)]);
    const dying = start();
    dying.ask("endless", path, "checkpoint.bin").catch(() => undefined);
    await dying.said;
    await expect(ask("write", path, "checkpoint.bin", [Uint8Array.of(4)])).rejects.toMatchObject({
      code: "file-unwritable",
      message: expect.stringContaining("Another tab or worker"),
    });
    dying.stop();
    expect(await ask("read", path, "checkpoint.bin")).toEqual(Uint8Array.of(1, 2, 3));
    expect(await ask("list", path)).toEqual(["checkpoint.bin"]);
    // The browser takes a moment to let go of what a dead worker held.
    await expect
      .poll(() =>
        ask("write", path, "checkpoint.bin", [Uint8Array.of(4)]).then(
          () => "written",
          () => "held",
        ),
      )
      .toBe("written");
    expect(await ask("read", path, "checkpoint.bin")).toEqual(Uint8Array.of(4));
    expect(await namesIn(path)).toEqual(["checkpoint.bin"]);
  });

  test("a file that is open is not written over, and stays", async () => {
    const path = newPath();
    await ask("write", path, "a.bin", [Uint8Array.of(1)]);
    await expect(ask("whileOpen", path, "a.bin")).rejects.toMatchObject({ code: "file-unwritable" });
    expect(await ask("read", path, "a.bin")).toEqual(Uint8Array.of(1));
    expect(await ask("list", path)).toEqual(["a.bin"]);
  });
});

describe("a full origin", () => {
  type Browser = { send(method: string, given: object): Promise<unknown> };
  const limit = (quotaSize?: number) =>
    (cdp() as unknown as Browser).send("Storage.overrideQuotaForOrigin", {
      origin: location.origin,
      ...(quotaSize !== undefined && { quotaSize }),
    });

  test.each(["worker", "page"])("is storage-full in a %s, and the old file stays", async (where) => {
    const path = newPath();
    const place = opfsPlace(path);
    await place.write("a.bin", [Uint8Array.of(1)]);
    await limit(3_000_000);
    const worker = start();
    try {
      const pieces = Array.from({ length: 64 }, () => new Uint8Array(1 << 20).fill(1));
      const writing = where === "page" ? place.write("a.bin", pieces) : worker.ask("write", path, "a.bin", pieces);
      await expect(writing).rejects.toMatchObject({ code: "storage-full" });
      expect(await worker.ask("read", path, "a.bin")).toEqual(Uint8Array.of(1));
      expect(await namesIn(path)).toEqual(["a.bin"]);
    } finally {
      worker.stop();
      await limit();
    }
  });
});
