import { UnderdrawError } from "@underdraw/engine";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Checkpoint,
  type CheckpointTensor,
  matches,
  readCheckpoint,
  writeCheckpoint,
} from "../../engine/src/training/checkpoint.ts";
import { memoryPlace } from "../../engine/src/training/memory-place.ts";
import type { TrainingPlace } from "../../engine/src/training/training-place.ts";
import { safetensorsFile, type Written } from "./safetensors-file.ts";
import { contentOf } from "./training-files-contract.ts";

// Checkpoints: what is written comes back to the last bit, what is not sound is passed over, what is another run's stays.

const settings: Checkpoint["settings"] = {
  steps: 1000,
  accumulate: 1,
  learningRate: 0.1 + 0.2,
  warmUp: 50,
  decay: 0.01,
  clip: 1,
  emptyPrompts: 0.5,
  mirror: true,
  shift: 0,
  seed: 7,
  heldOut: 2,
  measureEvery: 100,
  checkpointEvery: 100,
  mean: 0.999,
  sampleSteps: 12,
};

const made = (given: Partial<Checkpoint> = {}): Checkpoint => ({
  version: 1,
  step: 300,
  settings,
  mode: "whole",
  rank: null,
  width: 256,
  height: 192,
  batch: 4,
  data: "d".repeat(64),
  condition: "canny",
  base: "a base's fingerprint",
  from: null,
  curve: [
    [10, 1 / 3],
    [20, 5e-324],
  ],
  measures: [
    {
      step: 100,
      loss: 0.12,
      baseLoss: 0.2,
      fidelity: { value: 0.5, chance: 0.25, gain: 1 / 3 },
      converged: false,
    },
    { step: 200, loss: 0.1, baseLoss: 0.2, fidelity: null, converged: true },
  ],
  seconds: 12.345,
  lockedBefore: "1".repeat(64),
  firstDifference: 0,
  ...given,
});

/** Weights, moments and means, of numbers that show which is which. */
function tensorsOf(seed: number, { mean = false } = {}): CheckpointTensor[] {
  const sides = { "zero.weight": [2, 3], "conv.bias": [4] };
  return Object.entries(sides).flatMap(([name, dims], n) =>
    (mean ? ["p", "m", "v", "mean"] : ["p", "m", "v"]).map((kind, k) => ({
      name: `${kind}.${name}`,
      dims,
      read: async () =>
        Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(seed + n + k / 3 + i / 7)),
    })),
  );
}

let place: TrainingPlace;
beforeEach(() => {
  place = memoryPlace("run");
});

const write = (given: Partial<Checkpoint>, seed = 1) => writeCheckpoint(place, made(given), tensorsOf(seed));
const paths = async () => [...(await place.list())].sort();

describe("a checkpoint", () => {
  test("comes back to the last bit: what it says of itself, and every tensor", async () => {
    const path = await writeCheckpoint(place, made(), tensorsOf(2, { mean: true }));
    expect(path).toBe("checkpoint-000300.safetensors");
    const { saved, warnings } = await readCheckpoint(place);
    expect(warnings).toEqual([]);
    expect(saved?.path).toBe(path);
    expect(saved?.checkpoint).toEqual(made());
    expect(saved && Object.fromEntries(saved.tensors)).toEqual(
      Object.fromEntries(tensorsOf(2, { mean: true }).map(({ name, dims }) => [name, dims])),
    );
    for (const { name, read } of tensorsOf(2, { mean: true })) expect(saved?.read(name), name).toEqual(await read());
    expect(() => saved?.read("p.none")).toThrow(RangeError);
    saved?.close();
    saved?.close();
  });

  test("without means, steps and minutes is one as well", async () => {
    const { steps: _, mean: __, ...rest } = settings;
    const bare = { settings: rest, condition: null, rank: 16, from: "a net", firstDifference: null } as const;
    await write({ ...bare, mode: "light" });
    expect((await readCheckpoint(place)).saved?.checkpoint).toEqual(made({ ...bare, mode: "light" }));
  });

  test("is kept with the one before it; older ones go when it is whole", async () => {
    await write({ step: 100 });
    await write({ step: 200 });
    expect(await paths()).toEqual(["checkpoint-000100.safetensors", "checkpoint-000200.safetensors"]);
    const removed: string[] = [];
    const watched: TrainingPlace = {
      ...place,
      async remove(path) {
        removed.push(path);
        expect(await place.list()).toContain("checkpoint-000300.safetensors");
        await place.remove(path);
      },
    };
    await writeCheckpoint(watched, made({ step: 300 }), tensorsOf(1));
    expect(removed).toEqual(["checkpoint-000100.safetensors"]);
    await write({ step: 1_234_567 });
    expect(await paths()).toEqual(["checkpoint-000300.safetensors", "checkpoint-1234567.safetensors"]);
    expect((await readCheckpoint(place)).saved?.checkpoint.step).toBe(1_234_567);
  });

  test("leaves those of another run, files of others and what it cannot read alone", async () => {
    await write({ step: 100, data: "e".repeat(64) });
    await write({ step: 5000, base: "another base" });
    await place.write("checkpoint-000050.safetensors", [new TextEncoder().encode("{}")]);
    await place.write("config.json", [new TextEncoder().encode("{}")]);
    for (const step of [200, 300, 400]) await write({ step });
    expect(await paths()).toEqual([
      "checkpoint-000050.safetensors",
      "checkpoint-000100.safetensors",
      "checkpoint-000300.safetensors",
      "checkpoint-000400.safetensors",
      "checkpoint-005000.safetensors",
      "config.json",
    ]);
    const { saved, warnings } = await readCheckpoint(place, { of: made() });
    expect(saved?.checkpoint.step).toBe(400);
    expect(warnings).toEqual([
      '"checkpoint-005000.safetensors" was left where it is: it belongs to another training. It was trained on another base.',
    ]);
  });

  test("that has no room is told with what it needs, before anything is written", async () => {
    await write({ step: 100 });
    let free = 0;
    const small: TrainingPlace = {
      ...place,
      free: async () => free,
      write: async (path, pieces) => {
        if (free < 5000) throw new Error("it was written");
        return place.write(path, pieces);
      },
    };
    const refused = await writeCheckpoint(small, made({ step: 200 }), tensorsOf(1)).catch((error) => error);
    expect(refused).toMatchObject({ code: "storage-full", details: { free: 0 } });
    expect(refused.message).toContain('no room for "run/checkpoint-000200.safetensors"');
    expect(await paths()).toEqual(["checkpoint-000100.safetensors"]);
    free = 1e6;
    const path = await writeCheckpoint(small, made({ step: 200 }), tensorsOf(1));
    expect((await contentOf(place, path))?.length).toBe(refused.details.needed);
  });

  /** A place for so many checkpoints, of which one that is being written is one. */
  const placeFor = (count: number, bytes: number, told = true): TrainingPlace => {
    const left = async () => (count - (await place.list()).length) * bytes;
    return {
      ...place,
      free: async () => (told ? left() : null),
      async write(path, pieces) {
        if ((await left()) < bytes) throw new UnderdrawError("storage-full", "Full.", {});
        await place.write(path, pieces);
      },
    };
  };

  test.each([true, false])(
    "takes the place of the oldest where there is no room for three (told: %s)",
    async (told) => {
      await write({ step: 100 });
      await write({ step: 200 });
      const two = placeFor(2, 5000, told);
      for (const step of [300, 400]) {
        await writeCheckpoint(two, made({ step }), tensorsOf(step));
        expect(await paths()).toEqual([step - 100, step].map((one) => `checkpoint-000${one}.safetensors`));
      }
      // One that is whole always stays.
      await expect(writeCheckpoint(placeFor(1, 5000, told), made({ step: 500 }), tensorsOf(1))).rejects.toMatchObject({
        code: "storage-full",
      });
      expect((await readCheckpoint(place)).saved?.checkpoint.step).toBe(400);
    },
  );

  test("does not take the oldest one's place where the newest before it is not whole", async () => {
    await write({ step: 100 });
    const bytes = (await contentOf(place, "checkpoint-000100.safetensors")) as Uint8Array;
    await write({ step: 200 });
    const spoilt = (await contentOf(place, "checkpoint-000200.safetensors")) as Uint8Array;
    new DataView(spoilt.buffer).setFloat32(spoilt.length - 4, Number.NaN, true);
    await place.write("checkpoint-000200.safetensors", [spoilt]);
    const full = placeFor(2, 5000);
    await expect(writeCheckpoint(full, made({ step: 300 }), tensorsOf(1))).rejects.toThrow("no room");
    expect(await contentOf(place, "checkpoint-000100.safetensors")).toEqual(bytes);
  });

  test("with a number that is none is not written, and the one before stays", async () => {
    await write({ step: 100 });
    const tensors = tensorsOf(1).map((tensor) =>
      tensor.name === "m.conv.bias" ? { ...tensor, read: () => Float32Array.of(1, 2, Number.NaN, 4) } : tensor,
    );
    await expect(writeCheckpoint(place, made({ step: 200 }), tensors)).rejects.toMatchObject({
      code: "weights-not-finite",
      details: { tensor: "m.conv.bias" },
    });
    expect(await paths()).toEqual(["checkpoint-000100.safetensors"]);
  });

  test("that nobody could read again is refused as it is written", async () => {
    const loss: Checkpoint["curve"] = [[1, Number.NaN]];
    await expect(write({ curve: loss })).rejects.toThrow(/^A checkpoint's curve\.0\.1 cannot be written/);
    await expect(write({ data: "short" })).rejects.toThrow(RangeError);
    const [first, ...rest] = tensorsOf(1);
    await expect(writeCheckpoint(place, made(), rest)).rejects.toThrow(TypeError);
    const other = { ...(first as CheckpointTensor), name: "q.zero.weight" };
    await expect(writeCheckpoint(place, made(), [other, ...tensorsOf(1)])).rejects.toThrow("neither weight, moment");
    expect(await paths()).toEqual([]);
  });
});

describe("reading", () => {
  /** The newest file's bytes in a place that also has a sound checkpoint of step 100. */
  async function besideSound(): Promise<Uint8Array> {
    await write({ step: 100 });
    const other = memoryPlace("other");
    await writeCheckpoint(other, made({ step: 200 }), tensorsOf(2));
    return (await contentOf(other, "checkpoint-000200.safetensors")) as Uint8Array;
  }

  async function isPassedOver(bytes: Uint8Array, why: string): Promise<void> {
    await place.write("checkpoint-000200.safetensors", [bytes]);
    const { saved, warnings } = await readCheckpoint(place);
    expect(saved?.checkpoint.step).toBe(100);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^"checkpoint-000200\.safetensors" was passed over\./);
    expect(warnings[0]).toContain(why);
  }

  test("finds nothing in an empty place", async () => {
    expect(await readCheckpoint(place)).toEqual({ saved: null, warnings: [] });
  });

  test("passes over a file that was cut anywhere", async () => {
    const bytes = await besideSound();
    for (const length of [0, 5, 8, 100, 600, bytes.length - 1])
      await isPassedOver(bytes.subarray(0, length), "Could not read");
  });

  const named = (values: readonly number[]): Record<string, Written> =>
    Object.fromEntries(
      ["p.a", "m.a", "v.a"].map((name) => [name, { dtype: "F32", shape: [2], data: Float32Array.from(values) }]),
    );
  const said = (value: unknown) => ({ "underdraw.checkpoint": JSON.stringify(value) });
  const hostile: readonly (readonly [what: string, why: string, bytes: () => Uint8Array])[] = [
    ["another model", "no checkpoint of a training", () => safetensorsFile(named([1, 2]))],
    ["no object", "no JSON object", () => safetensorsFile(named([1, 2]), { metadata: said([1]) })],
    [
      "a newer version",
      '"version"',
      () => safetensorsFile(named([1, 2]), { metadata: said({ ...made({ step: 200 }), version: 2 }) }),
    ],
    [
      "a setting that is no number",
      '"settings.clip"',
      () =>
        safetensorsFile(named([1, 2]), {
          metadata: said({ ...made({ step: 200 }), settings: { ...settings, clip: "1" } }),
        }),
    ],
    [
      "a setting that nobody knows",
      '"settings"',
      () =>
        safetensorsFile(named([1, 2]), {
          metadata: said({ ...made({ step: 200 }), settings: { ...settings, evil: 1 } }),
        }),
    ],
    [
      "another step than its name",
      "it is of step 300",
      () => safetensorsFile(named([1, 2]), { metadata: said(made()) }),
    ],
    [
      "a weight that is not finite",
      '"m.a" has numbers',
      () =>
        safetensorsFile(
          { ...named([1, 2]), "m.a": { dtype: "F32", shape: [2], data: Float32Array.of(1, Number.POSITIVE_INFINITY) } },
          { metadata: said(made({ step: 200 })) },
        ),
    ],
    [
      "a second moment below 0",
      '"v.a" has numbers',
      () => safetensorsFile(named([1, -2]), { metadata: said(made({ step: 200 })) }),
    ],
    [
      "a moment that is missing",
      '"v.b" is not as',
      () =>
        safetensorsFile(
          { ...named([1, 2]), "p.b": { dtype: "F32", shape: [1] }, "m.b": { dtype: "F32", shape: [1] } },
          { metadata: said(made({ step: 200 })) },
        ),
    ],
    [
      "a moment of other sides",
      "is not as",
      () =>
        safetensorsFile(
          { ...named([1, 2]), "m.a": { dtype: "F32", shape: [1, 2] } },
          { metadata: said(made({ step: 200 })) },
        ),
    ],
    [
      "short numbers",
      "F16 and not F32",
      () =>
        safetensorsFile(
          { ...named([1, 2]), "m.a": { dtype: "F16", shape: [2] } },
          { metadata: said(made({ step: 200 })) },
        ),
    ],
    [
      "a tensor of no kind",
      "neither weight",
      () =>
        safetensorsFile(
          { ...named([1, 2]), __proto__x: { dtype: "F32", shape: [1] } },
          { metadata: said(made({ step: 200 })) },
        ),
    ],
    ["no tensors", "it has no weights", () => safetensorsFile({}, { metadata: said(made({ step: 200 })) })],
  ];

  test.each(hostile)("passes over a file with %s", async (_, why, bytes) => {
    await besideSound();
    await isPassedOver(bytes(), why);
  });

  test("closes what it passes over, and takes no file with another name", async () => {
    const bytes = await besideSound();
    let open = 0;
    const counted: TrainingPlace = {
      ...place,
      async open(path) {
        const source = await place.open(path);
        open++;
        let closed = false;
        const close = () => {
          open -= closed ? 0 : 1;
          closed = true;
        };
        return source && { ...source, read: source.read, close };
      },
    };
    await place.write("checkpoint-000200.safetensors", [bytes.subarray(0, 900)]);
    for (const path of [
      "checkpoint-200.safetensors",
      "checkpoint-0000300.safetensors",
      "a/checkpoint-000400.safetensors",
    ])
      await place.write(path, [bytes]);
    const { saved } = await readCheckpoint(counted, { of: made() });
    expect([saved?.checkpoint.step, open]).toEqual([100, 1]);
    saved?.close();
    expect((await readCheckpoint(counted, { of: made({ batch: 8 }) })).saved).toBeNull();
    expect(open).toBe(0);
  });
});

describe("whether a checkpoint is of a run", () => {
  test("is told in a sentence when it is not", () => {
    const now = made();
    const other = (given: Partial<Checkpoint["settings"]>) =>
      matches(made({ settings: { ...settings, ...given } }), now);
    expect(matches(made({ data: "e".repeat(64) }), now)).toContain("other pairs");
    expect(matches(made({ base: "b" }), now)).toBe("It was trained on another base.");
    expect(matches(made({ from: "n" }), now)).toBe("It was begun from another net.");
    expect(matches(made({ condition: "depth" }), now)).toBe(
      "It was trained with condition depth, and now it is canny.",
    );
    expect(matches(made({ condition: null }), now)).toContain("condition left out");
    expect(matches(made({ mode: "light" }), now)).toBe("It was trained with mode light, and now it is whole.");
    expect(matches(made({ rank: 4 }), now)).toBe("It was trained with rank 4, and now it is left out.");
    expect(matches(made({ width: 512 }), now)).toContain("width 512");
    expect(other({ learningRate: 1e-5 })).toBe(
      "It was trained with learningRate 0.00001, and now it is 0.30000000000000004.",
    );
    expect(other({ mirror: false })).toBe("It was trained with mirror false, and now it is true.");
    for (const name of [
      "accumulate",
      "warmUp",
      "decay",
      "clip",
      "emptyPrompts",
      "shift",
      "seed",
      "heldOut",
      "mean",
    ] as const)
      expect(other({ [name]: 0.125 }), name).toContain(`${name} 0.125`);
    const { mean: _, ...without } = settings;
    expect(matches(made({ settings: without }), now)).toContain("mean left out");
  });

  test("does not hang on how long it goes and what is looked at", () => {
    const { steps: _, ...rest } = settings;
    const longer = { ...rest, minutes: 5, measureEvery: 7, checkpointEvery: 9, sampleSteps: 3 };
    expect(matches(made({ settings: longer, step: 17, seconds: 0, curve: [] }), made())).toBeNull();
    expect(matches(made(), made())).toBeNull();
  });
});
