import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openControlNet } from "../../engine/src/controlnet/net.ts";
import { timeTable } from "../../engine/src/controlnet/time-table.ts";
import type { ControlNetConfig } from "../../engine/src/graph/config.ts";
import { controlNetConfig } from "../../engine/src/models/configs.ts";
import { unetRename } from "../../engine/src/models/ldm.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { type NetModel, openNet } from "../../engine/src/models/net.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { diffusersConfig } from "../../engine/src/training/net-config.ts";
import { type NetFile, type NetTensor, netFiles, netFolder } from "../../engine/src/training/net-files.ts";
import { nodePlace } from "../../engine/src/training/node-training-place.ts";
import { parseTensors } from "../parity/tensor-file.ts";
import { firstDifference } from "./original-checkpoint.ts";
import { originalUnetKey } from "./original-names.ts";
import { sd15Net, sd21Net, unevenNet } from "./published-configs.ts";
import { sourceOf } from "./safetensors-file.ts";
import { asked, askedOf, randomNet, trainedNets } from "./training-files-nets.ts";

// A net's files: what diffusers made of them is recorded in test/golden/training by load_in_diffusers.py, with the
// SHA-256 of the files that it had. The same files come out today, and this engine gives the residuals that diffusers gave.

const golden = "test/golden/training";
const nets = Object.entries(trainedNets);

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu", precision: "float32" });
});
afterAll(() => runtime.dispose());

async function bytesOf(file: NetFile): Promise<Uint8Array> {
  const source = await (await netFolder("net", [file])).open(file.path);
  const bytes = new Uint8Array(source?.size ?? 0);
  source?.read(bytes, 0);
  return bytes;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString("hex");
}

/** What diffusers gave for a net. */
function recorded(name: string) {
  const path = join(golden, `${name}.safetensors`);
  const bytes = new Uint8Array(readFileSync(path));
  const said = openSafetensors(sourceOf(path, bytes)).metadata.get("net") ?? "";
  return { said: JSON.parse(said), residuals: parseTensors(path, bytes) };
}

/** A picture of three colours with the first and the last in each other's place. */
function turned(values: Float32Array): Float32Array {
  const area = values.length / 3;
  const parts = [2, 1, 0].flatMap((colour) => Array.from(values.subarray(colour * area, (colour + 1) * area)));
  return Float32Array.from(parts);
}

/** A net's residuals, by name. */
async function residualsOf(net: NetModel): Promise<Map<string, Float32Array>> {
  const { latent, states, map } = askedOf(net.config);
  const floats = ({ dims, values }: { readonly dims: readonly number[]; readonly values: Float32Array }) =>
    runtime.tensor("float32", dims, values);
  const { pieces, names, release } = await openControlNet(runtime, net.config, weightsOf(net.tensors));
  try {
    const extent = { batch: 1, ...asked };
    const [, , height = 0, width = 0] = map.dims;
    const shown = net.config.bgr ? { ...map, values: turned(map.values) } : map;
    const hint = await pieces.hint.run({ map: floats(shown) }, { batch: 1, height, width });
    const text = await pieces.kv.run({ states: floats(states) }, extent);
    const times = (await timeTable(runtime, pieces.temb, net.config, [asked.timestep])).row(0);
    const found = await pieces.control.run({ latent: floats(latent), ...hint, ...text, ...times }, extent);
    const residuals = new Map<string, Float32Array>();
    for (const name of names) {
      const tensor = found[name];
      if (!tensor) throw new Error(`No residual ${name}.`);
      const values = await runtime.read(tensor);
      const [, channels = 1] = tensor.dims;
      const area = values.length / channels;
      // diffusers averages inside of the net, this engine where residuals are added.
      const means = Float32Array.from({ length: channels }, (_, c) => {
        const sum = values.subarray(c * area, (c + 1) * area).reduce((a, b) => a + b, 0);
        return sum / area;
      });
      residuals.set(name, net.config.globalPool ? means : values);
    }
    return residuals;
  } finally {
    await release();
  }
}

describe.each(nets)("the %s net", (name, config) => {
  test("is written as the files that diffusers loaded, and with the config that diffusers writes", async () => {
    const { said } = recorded(name);
    const { folder, single } = netFiles(config, randomNet(config), { name });
    const [settings, weights] = await Promise.all(folder.map(bytesOf));
    expect(folder.map(({ path }) => path)).toEqual(["config.json", "diffusion_pytorch_model.safetensors"]);
    expect(JSON.parse(new TextDecoder().decode(settings))).toEqual(said.config);
    expect(await sha256(weights as Uint8Array)).toBe(said.weights);
    expect(single.path).toBe(`control-${name}.safetensors`);
    expect(await sha256(await bytesOf(single))).toBe(said.single);
    expect(said.singleFile).toMatch(
      config.hintChannels.length === 4 ? /residual 0\.0$/ : /^diffusers knows original names/,
    );
  });

  test("gives in this engine the residuals that it gave in diffusers", async () => {
    const net = await openNet(await netFolder(name, netFiles(config, randomNet(config)).folder));
    expect(net.config).toEqual(config);
    const found = await residualsOf(net);
    const { residuals } = recorded(name);
    expect([...found.keys()].sort()).toEqual([...residuals.keys()].sort());
    let [worst, size] = [0, 0];
    for (const [key, { values }] of residuals) {
      const own = found.get(key) as Float32Array;
      expect(own.length, key).toBe(values.length);
      for (let i = 0; i < own.length; i++) {
        worst = Math.max(worst, Math.abs((own[i] as number) - Number(values[i])));
        size = Math.max(size, Math.abs(Number(values[i])));
      }
    }
    expect(size).toBeGreaterThan(0.1);
    expect(worst).toBeLessThan(1e-4);
  });

  test("is the same in its single file", async () => {
    const { folder, single } = netFiles(config, randomNet(config), { name });
    const whole = await openNet(await netFolder(name, folder));
    const bytes = await bytesOf(single);
    const heads = { norm_num_groups: config.normGroups, attention_head_dim: [...config.heads] };
    const alone = await openNet(
      { kind: "file", name: single.path, open: async () => sourceOf(single.path, bytes) },
      { facts: heads },
    );
    expect([...alone.tensors.keys()].sort()).toEqual([...whole.tensors.keys()].sort());
    expect(firstDifference(whole.tensors, alone.tensors)).toBeNull();
    for (const key of whole.tensors.keys()) expect(alone.tensors.shape(key), key).toEqual(whole.tensors.shape(key));
  });
});

/** Tensors of zeros, in the shapes of a config. */
const zeros = (config: ControlNetConfig): NetTensor[] =>
  randomNet(config).map(({ key, shape }) => ({ key, shape, read: () => new Float32Array() }));

/** The names in a file's table, which are there before any number is asked for. */
async function namesIn(file: NetFile): Promise<string[]> {
  for await (const piece of file.pieces()) {
    const table = JSON.parse(new TextDecoder().decode(piece.subarray(8)));
    return Object.keys(table).filter((key) => key !== "__metadata__");
  }
  return [];
}

test.each([
  ["Stable Diffusion 1.5", sd15Net, 2],
  ["Stable Diffusion 2.1", sd21Net, 2],
  ["third", trainedNets["third"] as ControlNetConfig, 1],
] as const)("the original names of %s are those that are read as diffusers' again", async (_, config, layers) => {
  const tensors = zeros(config);
  const names = await namesIn(netFiles(config, tensors).single);
  const keys = tensors.map(({ key }) => key).sort();
  const plain = names.map((name) => name.slice("control_model.".length));
  expect(new Set(plain).size).toBe(keys.length);
  expect(names.every((name) => name.startsWith("control_model."))).toBe(true);
  const rename = unetRename(new Set(plain));
  expect(plain.map(rename).sort()).toEqual(keys);
  // The other implementation of the same names, written for tests.
  const hints = 2 * (config.hintChannels.length - 1);
  expect([...plain].sort()).toEqual(keys.map((key) => originalUnetKey(key, layers, hints, () => false)).sort());
});

test("the pack's net comes out of its own tensors as the files that it is", async () => {
  for (const id of ["lines", "colour"]) {
    const at = `models/pack/controlnet/${id}`;
    const file = (path: string) => new Uint8Array(readFileSync(join(at, path)));
    const net = await openNet(
      memoryFolder(id, {
        "config.json": file("config.json"),
        "diffusion_pytorch_model.safetensors": file("diffusion_pytorch_model.safetensors"),
      }),
    );
    const tensors = [...net.tensors.keys()].map((key): NetTensor => {
      const shape = net.tensors.shape(key);
      const read = () => {
        const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
        net.tensors.read(key, values);
        return values;
      };
      // Without its sides of 1: the shape is the config's to tell.
      return { key, shape: shape.filter((side) => side !== 1), read };
    });
    const [settings, weights] = await Promise.all(netFiles(net.config, tensors).folder.map(bytesOf));
    expect(JSON.parse(new TextDecoder().decode(settings))).toEqual(
      JSON.parse(new TextDecoder().decode(file("config.json"))),
    );
    expect(Buffer.compare(weights as Uint8Array, file("diffusion_pytorch_model.safetensors"))).toBe(0);
  }
});

test("every config comes back from its JSON", () => {
  for (const config of [sd15Net, sd21Net, ...Object.values(trainedNets)])
    expect(controlNetConfig(JSON.parse(JSON.stringify(diffusersConfig(config))), "net")).toEqual(config);
  const uneven = { ...unevenNet, layers: unevenNet.layers.map((_, n) => 1 + (n % 2)) };
  expect(() => diffusersConfig(uneven)).toThrow(expect.objectContaining({ code: "model-incompatible" }));
});

test("numbers that float16 has not, and tensors that are not the config's, are refused by name", async () => {
  const config = trainedNets["third"] as ControlNetConfig;
  const key = "controlnet_mid_block.bias";
  const changed = (values: Partial<NetTensor>) =>
    randomNet(config).map((tensor) => (tensor.key === key ? { ...tensor, ...values } : tensor));
  for (const value of [70000, Number.NaN]) {
    const files = netFiles(config, changed({ read: () => new Float32Array(32).fill(value) }));
    await expect(netFolder("net", files.folder)).rejects.toMatchObject({
      code: "weights-not-finite",
      details: { tensor: key, file: "diffusion_pytorch_model.safetensors" },
    });
    await expect(netFolder("net", [files.single])).rejects.toMatchObject({
      details: { tensor: "control_model.middle_block_out.0.bias" },
    });
  }
  const wide = netFiles(config, changed({ read: () => new Float32Array(32).fill(70000) }), { precision: "float32" });
  expect((await openNet(await netFolder("net", wide.folder))).tensors.dtype(key)).toBe("F32");
  expect(() => netFiles(config, changed({ key: "other" }))).toThrow(RangeError);
  expect(() => netFiles(config, changed({ shape: [31] }))).toThrow("[31]");
  expect(() => netFiles(config, randomNet(config).slice(1))).toThrow("missing");
});

test.each([
  ["My Icons, v2!", "control-my-icons-v2.safetensors"],
  ["../../etc/passwd", "control-etc-passwd.safetensors"],
  ["Café 색연필", "control-cafe-색연필.safetensors"],
  ["???", "control-net.safetensors"],
])("a net called %j has a file of that name", (name, path) => {
  const config = trainedNets["third"] as ControlNetConfig;
  const { single } = netFiles(config, zeros(config), { name });
  expect(single.path).toBe(path);
});

const python = process.env["UNDERDRAW_PYTHON"];
const why = python ? "" : " (skipped: UNDERDRAW_PYTHON names no Python with diffusers)";
test.skipIf(!python)(`diffusers itself loads what is written now${why}`, { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "underdraw-net-"));
  try {
    for (const [name, config] of nets) {
      const { folder: files, single } = netFiles(config, randomNet(config), { name });
      const place = nodePlace(join(folder, name));
      for (const file of [...files, single]) await place.write(file.path, file.pieces());
      const told = execFileSync(python as string, [join(golden, "load_in_diffusers.py"), join(folder, name)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(JSON.parse(told)).toMatchObject({ faults: [], weights: recorded(name).said.weights });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
