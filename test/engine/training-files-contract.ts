import { expect, test } from "vitest";
import type { TrainingPlace } from "../../engine/src/training/training-place.ts";

// What every place of a training keeps, in Node and in a browser.

const bytes = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, n) => (n * 7 + seed) & 255);

/** The bytes of a file of a place; null when there is none. */
export async function contentOf(place: TrainingPlace, path: string): Promise<Uint8Array | null> {
  const source = await place.open(path);
  if (!source) return null;
  const content = new Uint8Array(source.size);
  source.read(content, 0);
  source.close();
  return content;
}

/** Tests of a place. `make` gives one that is empty; it is asked once for each test. */
export function placeContract(make: () => Promise<TrainingPlace>): void {
  test("an empty one has no files", async () => {
    const place = await make();
    expect(await place.list()).toEqual([]);
    expect(await place.open("a.bin")).toBeNull();
    expect(await place.open("folder/a.bin")).toBeNull();
    await place.remove("a.bin");
    await place.remove("folder/a.bin");
  });

  test("pieces come out as one file, from a list and from what has to be waited for", async () => {
    const place = await make();
    await place.write("a.bin", [bytes(3), new Uint8Array(), bytes(5_000_000, 2)]);
    const whole = await contentOf(place, "a.bin");
    expect(whole?.length).toBe(5_000_003);
    expect(Array.from(whole?.subarray(0, 6) ?? [])).toEqual([...bytes(3), ...bytes(3, 2)]);
    expect(whole?.subarray(3).findIndex((byte, n) => byte !== ((n * 7 + 2) & 255))).toBe(-1);
    await place.write(
      "net/b.bin",
      (async function* () {
        // One buffer again and again, as a writer of large files has it.
        const scratch = new Uint8Array(2);
        for (let n = 0; n < 3; n++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield scratch.fill(n);
        }
      })(),
    );
    expect(await contentOf(place, "net/b.bin")).toEqual(Uint8Array.of(0, 0, 1, 1, 2, 2));
    await place.write("empty.bin", []);
    expect(await contentOf(place, "empty.bin")).toEqual(new Uint8Array());
    expect([...(await place.list())].sort()).toEqual(["a.bin", "empty.bin", "net/b.bin"]);
  });

  test("a file that is written again is the old one until it is the new one", async () => {
    const place = await make();
    await place.write("a.bin", [bytes(10)]);
    let seen: Uint8Array | null = null;
    await place.write(
      "a.bin",
      (async function* () {
        yield bytes(4, 9);
        seen = await contentOf(place, "a.bin");
        expect(await place.list()).toEqual(["a.bin"]);
        yield bytes(4, 3);
      })(),
    );
    expect(seen).toEqual(bytes(10));
    expect(await contentOf(place, "a.bin")).toEqual(Uint8Array.of(...bytes(4, 9), ...bytes(4, 3)));
  });

  test("pieces that fail leave the old file, nothing else, and their own error", async () => {
    const place = await make();
    await place.write("a.bin", [bytes(10)]);
    const failure = new Error("the device is gone");
    const failing = function* () {
      yield bytes(100, 5);
      throw failure;
    };
    await expect(place.write("a.bin", failing())).rejects.toBe(failure);
    await expect(place.write("new.bin", failing())).rejects.toBe(failure);
    expect(await contentOf(place, "a.bin")).toEqual(bytes(10));
    expect(await place.list()).toEqual(["a.bin"]);
    await place.write("a.bin", [bytes(2)]);
    expect(await contentOf(place, "a.bin")).toEqual(bytes(2));
  });

  test("removes one file", async () => {
    const place = await make();
    await place.write("net/a.bin", [bytes(1)]);
    await place.write("net/b.bin", [bytes(1)]);
    await place.remove("net/a.bin");
    expect(await place.list()).toEqual(["net/b.bin"]);
    expect(await place.open("net/a.bin")).toBeNull();
  });

  test("a path that leads out of it is refused", async () => {
    const place = await make();
    for (const path of ["../a.bin", "/a.bin", "a/../../b.bin", "", "a\\b"]) {
      await expect(place.write(path, [bytes(1)]), path).rejects.toMatchObject({ code: "file-invalid" });
      await expect(place.open(path), path).rejects.toMatchObject({ code: "file-invalid" });
      await expect(place.remove(path), path).rejects.toMatchObject({ code: "file-invalid" });
    }
    expect(await place.list()).toEqual([]);
  });

  test("tells how many bytes are free, or that nobody knows", async () => {
    const free = await (await make()).free();
    if (free !== null) expect(free).toBeGreaterThan(0);
  });
}
