import {
  createPixels,
  Engine,
  type EngineLike,
  type LoadRequest,
  type ModelFile,
  type RecipeParts,
  UnderdrawError,
} from "@underdraw/engine";
import { nodeFolder, nodeModel } from "@underdraw/engine/node";
import { type Capture, Session } from "@underdraw/sdk";
import { fakeHost } from "@underdraw/sdk/testing";
import { afterAll, describe, expect, test } from "vitest";
import { overlay, safetensorsFile, sourceOf } from "../engine/safetensors-file.ts";
import { type Still, stillEngine } from "./still-engine.ts";

// A layer is drawn again with what drew it, or not at all: each thing that may be another one or not at hand is refused
// with its name and what to do, before anything is drawn.

const print = (digit: string): string => digit.repeat(64);
const short = (digit: string): string => digit.repeat(12);

const vae = { name: "soft.safetensors", fingerprint: print("1") };
const lora = { name: "ink.safetensors", fingerprint: print("2"), weight: 0.8, textWeight: 0.8 };
const embedding = { word: "mood", name: "mood.safetensors", fingerprint: print("3") };
const whole: RecipeParts["loras"] = [lora];
const sound: Still["added"] = { vae, loras: whole, embeddings: [embedding], weights: "full", prediction: "epsilon" };

/** A layer that was drawn with everything that a model can be loaded with, and what will draw it again. */
async function drawn(added: Still["added"] = sound) {
  const host = fakeHost();
  await host.kit.select(createPixels(64, 64), { x: 0, y: 0, width: 64, height: 64 });
  const work = stillEngine({ added, netPrint: "b" });
  const session = new Session({ host, engine: work.engine });
  const map = { condition: "canny", pixels: createPixels(64, 64) };
  const request = { prompt: "a fox", controls: [{ map, net: "lines" }] };
  const { recipe } = await session.generate(request, (await session.capture()) as Capture);
  await session.dispose();
  const replayed = async (change: (still: Still) => void, engine: EngineLike = work.engine) => {
    change(work.still);
    await using later = new Session({ host, engine });
    return await later.replay(recipe);
  };
  return { ...work, recipe, host, replayed };
}

/** What a promise rejects with. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error("It was drawn.")),
    (error: unknown) => error,
  );

const otherwise = "or draw anew with what is there.";

const refused: readonly (readonly [what: string, change: (still: Still) => void, message: string, details: object])[] =
  [
    [
      "another base",
      (still) => {
        still.print = "c";
      },
      `The layer was drawn with the model "still life" (${short("a")}), and "still life" (${short("c")}) is loaded, which would draw another picture. Load the model it was drawn with, or draw anew with this one.`,
      { id: "still life", expected: `"still life" (${short("a")})`, actual: `"still life" (${short("c")})` },
    ],
    [
      "another net under the same name",
      (still) => {
        still.netPrint = "d";
      },
      `The layer was drawn with the net "lines" (${short("b")}), and "lines" (${short("d")}) is loaded, which would draw another picture. Load the net it was drawn with, or draw anew with this one.`,
      { id: "lines", expected: `"lines" (${short("b")})`, actual: `"lines" (${short("d")})` },
    ],
    [
      "another VAE",
      (still) => {
        still.added = { ...sound, vae: { ...vae, fingerprint: print("7") } };
      },
      `The layer was drawn with the VAE "soft.safetensors" (${short("1")}), which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "soft.safetensors", expected: print("1"), actual: "none" },
    ],
    [
      "the model's own VAE in place of a file's",
      (still) => {
        still.added = { ...sound, vae: null };
      },
      `The layer was drawn with the VAE "soft.safetensors" (${short("1")}), which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "soft.safetensors", expected: print("1"), actual: "none" },
    ],
    [
      "a LoRA that is not loaded",
      (still) => {
        still.added = { ...sound, loras: [] };
      },
      `The layer was drawn with the LoRA "ink.safetensors" (${short("2")}) at 0.8, which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "ink.safetensors", expected: print("2"), actual: "none" },
    ],
    [
      "a LoRA of another version",
      (still) => {
        still.added = { ...sound, loras: [{ ...lora, fingerprint: print("8") }] };
      },
      `The layer was drawn with the LoRA "ink.safetensors" (${short("2")}) at 0.8, which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "ink.safetensors", expected: print("2"), actual: "none" },
    ],
    [
      "a LoRA at another weight",
      (still) => {
        still.added = { ...sound, loras: [{ ...lora, textWeight: 0 }] };
      },
      `The layer was drawn with the LoRA "ink.safetensors" (${short("2")}) at 0.8, which is loaded at 0.8, 0 on the text encoder. Load it as it was, ${otherwise}`,
      { id: "ink.safetensors", expected: "at 0.8", actual: "at 0.8, 0 on the text encoder" },
    ],
    [
      "a LoRA twice",
      (still) => {
        still.added = { ...sound, loras: [lora, lora] };
      },
      `The layer was drawn without the LoRA "ink.safetensors" (${short("2")}) that is loaded. Load the model without it, ${otherwise}`,
      { id: "ink.safetensors", expected: "none", actual: print("2") },
    ],
    [
      "one LoRA more",
      (still) => {
        still.added = { ...sound, loras: [{ ...lora, name: "chalk", fingerprint: print("9") }, lora] };
      },
      `The layer was drawn without the LoRA "chalk" (${short("9")}) that is loaded. Load the model without it, ${otherwise}`,
      { id: "chalk", expected: "none", actual: print("9") },
    ],
    [
      "an embedding that is not loaded",
      (still) => {
        still.added = { ...sound, embeddings: [] };
      },
      `The layer was drawn with the embedding "mood.safetensors" (${short("3")}) for the word "mood", which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "mood.safetensors", expected: print("3"), actual: "none" },
    ],
    [
      "an embedding for another word",
      (still) => {
        still.added = { ...sound, embeddings: [{ ...embedding, word: "air" }] };
      },
      `The layer was drawn with the embedding "mood.safetensors" (${short("3")}) for the word "mood", which is loaded for the word "air". Load it as it was, ${otherwise}`,
      { id: "mood.safetensors", expected: 'for the word "mood"', actual: 'for the word "air"' },
    ],
    [
      "another embedding for the same word",
      (still) => {
        still.added = { ...sound, embeddings: [{ ...embedding, fingerprint: print("9") }] };
      },
      `The layer was drawn with the embedding "mood.safetensors" (${short("3")}) for the word "mood", which is not loaded. Load it with the model again, ${otherwise}`,
      { id: "mood.safetensors", expected: print("3"), actual: "none" },
    ],
    [
      "another prediction",
      (still) => {
        still.added = { ...sound, prediction: "v_prediction" };
      },
      `The layer was drawn with the model "still life" (${short("a")}) taken to predict epsilon, and it is loaded to predict v_prediction. Load it with that prediction, ${otherwise}`,
      { id: "still life", expected: "epsilon", actual: "v_prediction" },
    ],
  ];

describe("a layer is not drawn again with", () => {
  test.each(refused)("%s", async (_, change, message, details) => {
    const { replayed, asked } = await drawn();
    const error = await refusal(replayed(change));
    expect(UnderdrawError.is(error, "model-incompatible")).toBe(true);
    expect((error as UnderdrawError).message).toBe(message);
    expect((error as UnderdrawError).details).toEqual(details);
    expect(asked.requests).toHaveLength(1);
  });

  test("files besides that it was drawn without", async () => {
    const { replayed } = await drawn({});
    for (const added of [{ vae }, { loras: [lora] }, { embeddings: [embedding] }]) {
      const error = await refusal(
        replayed((still) => {
          still.added = added;
        }),
      );
      expect(error).toMatchObject({ code: "model-incompatible", details: { expected: "none" } });
      expect(String(error)).toContain("The layer was drawn without the");
    }
  });

  test("a net that is not at hand", async () => {
    const { replayed, asked } = await drawn();
    const error = await refusal(
      replayed((still) => {
        still.nets = [];
      }),
    );
    expect(error).toMatchObject({ code: "model-unknown", details: { id: "lines" } });
    expect(String(error)).toContain(
      `The engine's models have no net that reads a map of "canny". Looked for: lines. Add one of them, or name another net in the control.`,
    );
    expect(asked.requests).toHaveLength(1);
  });

  test("a base that is not at hand, in the engine's own words", async () => {
    const { replayed, engine, asked } = await drawn();
    const absent = new UnderdrawError("model-unknown", `There is no "owl".`, { id: "owl", known: [] });
    const error = await refusal(replayed(() => {}, { ...engine, load: () => Promise.reject(absent) }));
    expect(error).toBe(absent);
    expect(asked.requests).toHaveLength(1);
  });
});

describe("a layer is drawn again", () => {
  test("with what drew it, the files in another order and called otherwise", async () => {
    const second = { ...lora, name: "chalk", fingerprint: print("9"), weight: 0.3 };
    const { replayed, recipe } = await drawn({ ...sound, loras: [lora, second, { ...lora, weight: 0.1 }] });
    const again = await replayed((still) => {
      still.added = { ...sound, loras: [{ ...lora, weight: 0.1 }, { ...second, name: "charcoal" }, lora] };
    });
    expect(again.result.warnings).toEqual([]);
    expect(JSON.parse(again.recipe).picture).toEqual(JSON.parse(recipe).picture);
  });

  test("from a recipe that does not tell what was predicted", async () => {
    const { replayed } = await drawn({ ...sound, prediction: null });
    const again = await replayed((still) => {
      still.added = { ...sound, prediction: "v_prediction" };
    });
    expect(again.result.warnings).toEqual([]);
  });

  test("with weights that are stored in another way, which is said", async () => {
    const { replayed } = await drawn();
    const again = await replayed((still) => {
      still.added = { ...sound, weights: "int8" };
    });
    expect(again.result.warnings).toEqual([
      {
        code: "weights-differ",
        message:
          "The layer was drawn with weights stored as full, this picture with weights stored as int8: they are nearly the same, not in every byte.",
        remedy: "Load the model with its weights as full to get the same picture.",
      },
    ]);
  });
});

describe("with a real checkpoint", () => {
  const engine = new Engine({ runtime: { device: "cpu" } });
  afterAll(() => engine.dispose());
  const own = "test/golden/parity/sd15-tiny/base";
  const width = 32; // of the small text encoder
  const mood: ModelFile = {
    kind: "file",
    name: "mood.safetensors",
    open: async () => sourceOf("mood.safetensors", safetensorsFile({ emb_params: { dtype: "F32", shape: [width] } })),
  };
  const added = {
    vae: nodeModel(`${own}/vae`),
    loras: [{ file: nodeModel("test/golden/lora/peft.safetensors"), weight: 0.3 }],
    embeddings: { mood },
  };
  /** The engine, loading whatever a session asks for with this besides. */
  const loading = (more: LoadRequest): EngineLike => ({
    device: () => engine.device(),
    extract: (...all) => engine.extract(...all),
    load: (request, options) => engine.load({ ...request, ...more }, options),
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  });

  test("the same files draw the same pixels, and without one of them nothing is drawn", async () => {
    const host = fakeHost();
    await host.kit.select(createPixels(64, 64), { x: 0, y: 0, width: 64, height: 64 });
    // Drawn small: what is drawn matters little here.
    const base = overlay(nodeFolder(own), { "manifest.json": { canvas: 64 } });
    const at = (more: LoadRequest) => new Session({ host, base, engine: loading(more) });
    await using first = at(added);
    const capture = (await first.capture()) as Capture;
    const layer = await first.generate({ prompt: "a mood", controls: [], steps: 1, seed: 3 }, capture);
    await using again = at(added);
    const second = await again.replay(layer.recipe);
    expect(Buffer.from(second.pixels.data).equals(Buffer.from(layer.pixels.data))).toBe(true);
    expect(second.recipe).toBe(layer.recipe);
    for (const [more, words] of [
      [{ ...added, loras: [] }, /with the LoRA "peft.safetensors" \(\w{12}\) at 0.3, which is not loaded/],
      [{ ...added, facts: { scheduler: { prediction_type: "v_prediction" } } }, /taken to predict epsilon, and/],
    ] as const) {
      await using session = at(more);
      expect(String(await refusal(session.replay(layer.recipe)))).toMatch(words);
    }
  });
});
