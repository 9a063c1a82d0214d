import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkMemory } from "../../cli/src/memory-check.ts";
import { chooseModel, chooseNets, type ModelChoice, type NetAsked } from "../../cli/src/model-choice.ts";
import { checkPack } from "../../cli/src/pack-check.ts";
import { type Outcome, said, scratch, tinyModel, underdraw } from "./command.ts";

const folder = scratch();

/** A copy of the tiny model that a test may break. */
function brokenCopy(change: (base: string) => void): string {
  const base = join(mkdtempSync(join(folder, "model-")), "tiny");
  cpSync(tinyModel.base, base, { recursive: true });
  change(base);
  return base;
}

/** Draws with a model or net, and looks that nothing came of it but one sentence. */
async function refused(...flags: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(folder, "out-"));
  const outcome: Outcome = await underdraw([
    ...["draw", "--map", tinyModel.map, "--prompt", "x", "--steps", "1", "--size", "32x32"],
    ...["--out", join(place, "picture.png"), ...flags],
  ]);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toBe("");
  expect(readdirSync(place)).toEqual([]);
  expect(said(outcome).split("\n")).toHaveLength(1);
  return said(outcome);
}

const weights = "diffusion_pytorch_model.safetensors";

describe("models that cannot draw are refused with the reason", () => {
  test("nothing at the path", async () => {
    expect(await refused("--model", join(folder, "nowhere"))).toContain("No model lies at");
  });

  test("a folder that is no model", async () => {
    const empty = mkdtempSync(join(folder, "empty-"));
    expect(await refused("--model", empty)).toMatch(/is no model that can draw\. It holds neither model_index\.json/);
    expect(await refused("--model", empty, "--net", tinyModel.net)).toMatch(
      /is no model folder: it has no model_index\.json/,
    );
  });

  test("a model without a VAE, which is named", async () => {
    const base = brokenCopy((path) => rmSync(join(path, "vae"), { recursive: true }));
    expect(await refused("--model", base, "--net", tinyModel.net)).toMatch(/has no VAE: .*vae/);
  });

  test("a net of another family, before anything runs", async () => {
    const message = await refused("--net", tinyModel.net);
    expect(message).toMatch(/The net "canny" does not fit model-mini/);
    expect(message).toMatch(/text states of width/);
  });

  test("a base in place of a net", async () => {
    expect(await refused("--net", tinyModel.base)).toContain("it is a base model. Give the folder of a ControlNet");
  });

  test("a name that no net has, with the nearest that one has", async () => {
    expect(await refused("--net", "linse")).toMatch(
      /There is no net "linse"\. Did you mean lines\? The pack has .*lines/,
    );
  });

  test("a model without nets, when none is named", async () => {
    expect(await refused("--model", tinyModel.base)).toMatch(
      /has no net that reads a map of lines\. Name one with --net/,
    );
  });

  test.each([0, 4, 8, 50, 5000, -1])("a file of weights that ends at byte %d", async (at) => {
    const base = brokenCopy((path) => {
      const file = join(path, "unet", weights);
      truncateSync(file, at < 0 ? readFileSync(file).length + at : at);
    });
    expect(await refused("--model", base, "--net", tinyModel.net)).toMatch(
      new RegExp(`${weights}.*(ends after|cut short|is empty)`),
    );
  });

  test.each([
    ["in a zip archive", Buffer.from("PK\x03\x04rest of it")],
    ["of old", Buffer.from("\x80\x02}q\x00(X\x00\x00\x00rest", "latin1")],
  ])("a pickle %s, with the way to convert it", async (_, bytes) => {
    const file = join(mkdtempSync(join(folder, "pickle-")), "model.ckpt");
    writeFileSync(file, bytes);
    const message = await refused("--model", file, "--net", tinyModel.net);
    expect(message).toMatch(/pickle/);
    expect(message).toMatch(/Convert it first/);
  });

  test("NaN among the weights, with the tensor's name", async () => {
    const name = "conv_out.bias";
    const base = brokenCopy((path) => {
      const file = join(path, "unet", weights);
      const bytes = readFileSync(file);
      const length = Number(bytes.readBigUInt64LE(0));
      const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
      const { dtype, data_offsets: offsets } = header[name];
      expect(dtype).toBe("F16");
      bytes.writeUInt16LE(0x7e00, 8 + length + offsets[0]);
      writeFileSync(file, bytes);
    });
    const message = await refused("--model", base, "--net", tinyModel.net);
    expect(message).toContain(`the tensor "${name}" holds NaN or infinity`);
  });

  test("a size that no memory holds", () => {
    expect(() => checkMemory({ width: 8192, height: 8192 }, 8, 64e9)).toThrow(
      expect.objectContaining({ code: "out-of-memory", message: expect.stringContaining("Ask for a smaller --size") }),
    );
    expect(() => checkMemory({ width: 1024, height: 1024 }, 8, 16e9)).not.toThrow();
  });
});

describe("which net is meant", () => {
  const { signal } = new AbortController();
  const canny = { condition: "canny", readers: ["canny", "lines"] };
  const depth = { condition: "depth", readers: ["depth"] };
  const choose = (model: ModelChoice, ...asked: readonly NetAsked[]) => chooseNets(model, asked, signal);

  test("the first of the condition's nets that the model has", async () => {
    const pack = await chooseModel(undefined);
    expect((await choose(pack, canny, depth)).map(({ name }) => name)).toEqual(["lines", "depth"]);
  });

  test("a name before a folder of that name, and a path by its slash", async () => {
    const pack = await chooseModel(undefined);
    const [named, other] = await choose(pack, { ...canny, net: "depth" }, { ...canny, net: tinyModel.net });
    expect(named?.source.name).toBe("depth");
    expect([other?.name, other?.source.kind]).toEqual(["canny", "folder"]);
  });

  test("the one net of a model that was saved with its net", async () => {
    const base = brokenCopy((path) => cpSync(tinyModel.net, join(path, "controlnet"), { recursive: true }));
    expect((await choose(await chooseModel(base), canny))[0]?.name).toBe("controlnet");
  });

  test("one for all controls that ask for it, and no two of one name", async () => {
    const pack = await chooseModel(undefined);
    const copy = join(mkdtempSync(join(folder, "net-")), "canny");
    cpSync(tinyModel.net, copy, { recursive: true });
    const asked = [tinyModel.net, copy, `./${tinyModel.net}/`, "lines"].map((net) => ({ ...canny, net }));
    const found = await choose(pack, ...asked, canny);
    expect(found.map(({ name }) => name)).toEqual(["canny", "canny-2", "canny", "lines", "lines"]);
    expect([found[2], found[4]]).toEqual([found[0], found[3]]);
  });
});

describe("underdraw inspect", () => {
  test("tells a whole model's parts", async () => {
    const { code, stdout } = await underdraw(["inspect", tinyModel.base, "--json"]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ kind: "base", problems: [], prediction: { type: "epsilon" } });
    expect(found.parts.map(({ part }: { part: string }) => part)).toEqual(["unet", "vae", "text_encoder"]);
    const { stdout: words } = await underdraw(["inspect", tinyModel.base]);
    expect(words).toMatch(/^base: .*, .* parameters.*\n {2}unet +\d/);
    expect(words).toContain(`use it: underdraw draw --map lines.png --net NET --model ${tinyModel.base} `);
  });

  test("tells whether a net fits a base", async () => {
    const fits = await underdraw(["inspect", tinyModel.net, "--base", tinyModel.base]);
    expect([fits.code, fits.stdout]).toEqual([0, expect.stringContaining("fits the base")]);
    const misfits = await underdraw(["inspect", tinyModel.net, "--base", "pack"]);
    expect([misfits.code, misfits.stdout]).toEqual([
      1,
      expect.stringContaining("does not fit the base: The net reads"),
    ]);
  });

  test("names what is missing, with code 1", async () => {
    const base = brokenCopy((path) => rmSync(join(path, "vae"), { recursive: true }));
    const { code, stdout } = await underdraw(["inspect", base]);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/problem: .*VAE/)]);
  });

  test("says what a file is that is no model, and that nothing lies at a path", async () => {
    const picture = await underdraw(["inspect", tinyModel.map]);
    expect([picture.code, picture.stdout]).toEqual([1, expect.stringContaining("it is a picture and not a model")]);
    const nothing = await underdraw(["inspect", join(folder, "nowhere")]);
    expect([nothing.code, said(nothing)]).toEqual([1, expect.stringContaining("No model lies at")]);
  });
});

describe("the pack's check", () => {
  test("finds a changed, a cut and a missing file", async () => {
    const pack = join(mkdtempSync(join(folder, "pack-")), "pack");
    cpSync("models/pack", pack, {
      recursive: true,
      filter: (path) => !/safetensors$/.test(path) || /text_encoder/.test(path),
    });
    const manifest = JSON.parse(readFileSync(join(pack, "manifest.json"), "utf8"));
    const files = manifest.files.filter(
      ({ name }: { name: string }) => !/(unet|vae|controlnet).*safetensors$/.test(name),
    );
    writeFileSync(join(pack, "manifest.json"), JSON.stringify({ ...manifest, files }));
    const { signal } = new AbortController();
    expect(await checkPack(signal, pack)).toMatchObject({ files: files.length, problems: [] });
    rmSync(join(pack, "unet/config.json"));
    truncateSync(join(pack, "vae/config.json"), 3);
    const bytes = readFileSync(join(pack, "text_encoder/model.safetensors"));
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    writeFileSync(join(pack, "text_encoder/model.safetensors"), bytes);
    const { problems } = await checkPack(signal, pack);
    expect([...problems].sort()).toEqual([
      "text_encoder/model.safetensors was changed",
      "unet/config.json is missing",
      expect.stringMatching(/^vae\/config\.json has 3 bytes instead of \d+$/),
    ]);
  });

  test("says that there is no manifest", async () => {
    const { problems } = await checkPack(new AbortController().signal, mkdtempSync(join(folder, "none-")));
    expect(problems).toEqual([expect.stringContaining("manifest.json cannot be read")]);
  });
});
