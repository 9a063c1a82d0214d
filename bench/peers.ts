import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createPixels, Engine, type GenerateRequest } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { answerLines } from "./measure/answering.ts";
import { openExported } from "./measure/exported.ts";
import { type PeerAnswer, startPeer } from "./measure/peer-process.ts";
import { machine, median, megabytes, numberOption, seconds, table } from "./measure/report.ts";

// A picture by the engine against two others on the same processor, from the same files, by the same sampler in as many
// steps, in float32, with one control and guidance: diffusers on PyTorch, and networks that torch.onnx exported, the UNet
// with its ControlNet in one graph, on the same onnxruntime with its default options. Prompt to pixels, nothing known from
// before. Each has a process of its own; they draw in turn, and medians are compared. Before the clock counts it is checked
// that all three come to the same latents. Beside the time: that of the processors, and memory at the most.
//
//   node scripts/run.mjs bench/peers.ts --python PYTHON --shape pack    (the pack, trained, 256 x 256)
//   node scripts/run.mjs bench/peers.ts --python PYTHON --shape half    (half of Stable Diffusion 1.5's width, random)
//   also: --steps 20 --rounds 5 --side 16 --threads N (for all three) --exporter script --folder FOLDER (keeps what is made and exported for the next)
//
// PYTHON is one with torch, diffusers, transformers and onnx (and onnxscript, unless --exporter script).

interface Asked {
  readonly folder: string;
  readonly model: string;
  readonly net: string;
  readonly side: number;
  readonly steps: number;
  readonly prompt: string;
  readonly guidance: number;
  readonly weight: number;
  readonly noise: string;
  readonly map: string;
  /** Where the latents go; then the time says nothing. */
  readonly latents?: string;
}

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    shape: { type: "string", default: "pack" },
    steps: { type: "string", default: "20" },
    rounds: { type: "string", default: "5" },
    side: { type: "string" },
    exporter: { type: "string", default: "dynamo" },
    folder: { type: "string" },
    threads: { type: "string" },
    child: { type: "string" },
    model: { type: "string", default: "" },
    net: { type: "string", default: "" },
  },
});
if (values.child === "engine") await engineProcess();
else if (values.child === "exported") await exportedProcess();
else await compare();

function floatsOf(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

async function engineProcess(): Promise<void> {
  const engine = new Engine({
    models: nodeFolder(values.model),
    runtime: {
      device: "cpu",
      ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
    },
  });
  const pipeline = await engine.load({ nets: [values.net] });
  const { about } = await engine.device();
  await answerLines<Asked>(about, async (asked) => {
    const picture = Math.sqrt(readFileSync(asked.map).length / 3);
    const pixels = createPixels(picture, picture);
    const rgb = readFileSync(asked.map);
    for (let n = 0; n < picture * picture; n++) {
      pixels.data.set(rgb.subarray(3 * n, 3 * n + 3), 4 * n);
      pixels.data[4 * n + 3] = 255;
    }
    const request: GenerateRequest = {
      prompt: asked.prompt,
      negativePrompt: "",
      width: picture,
      height: picture,
      steps: asked.steps,
      guidance: asked.guidance,
      seed: 1,
      controls: [{ map: { condition: "map", pixels }, net: values.net, weight: asked.weight, halves: [1, 1] }],
    };
    const noise = floatsOf(asked.noise);
    const ids: Record<string, readonly number[]> = {};
    const { latents } = asked;
    await pipeline.generate(request, {
      reuse: false,
      measure: false,
      noise: (name) => (name === "initial" ? noise : undefined),
      ...(latents === undefined
        ? {}
        : {
            trace: (name, tensor) => {
              if (name === "latents.final") writeFileSync(latents, tensor.values as Float32Array);
              if (name.endsWith(".ids")) ids[name] = [...(tensor.values as Int32Array)];
            },
          }),
    });
    if (latents !== undefined) writeFileSync(join(asked.folder, "ids.json"), JSON.stringify(ids));
  });
  await engine.dispose();
}

async function exportedProcess(): Promise<void> {
  const threads = values.threads === undefined ? undefined : numberOption("threads", values.threads, 1);
  const draw = await openExported(values.folder ?? "", values.model, threads);
  await answerLines<Asked>("onnxruntime, default options", async (asked) => {
    const ids = JSON.parse(readFileSync(join(asked.folder, "ids.json"), "utf8")) as Record<string, number[]>;
    const rgb = readFileSync(asked.map);
    const area = rgb.length / 3;
    const map = Float32Array.from(rgb, (_, n) => (rgb[3 * (n % area) + Math.floor(n / area)] as number) / 255);
    const { latents } = await draw({
      ids: [ids["text.cond.ids"] ?? [], ids["text.uncond.ids"] ?? []],
      side: asked.side,
      steps: asked.steps,
      guidance: asked.guidance,
      weight: asked.weight,
      noise: floatsOf(asked.noise),
      map,
    });
    if (asked.latents !== undefined) writeFileSync(asked.latents, latents);
  });
}

/** A drawing: white rings on black. */
function drawing(size: number): Uint8Array {
  const rgb = new Uint8Array(3 * size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const far = Math.hypot((x + 0.5) / size - 0.5, (y + 0.5) / size - 0.5);
      if (Math.abs(far - 0.32) < 0.012 || Math.abs(far - 0.15) < 0.012)
        rgb.fill(255, 3 * (y * size + x), 3 * (y * size + x) + 3);
    }
  return rgb;
}

function normals(length: number): Float32Array {
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
}

async function compare(): Promise<void> {
  const { python, shape, exporter } = values;
  if (python === undefined)
    throw new TypeError("--python is missing: one with torch, diffusers, transformers and onnx.");
  if (shape !== "pack" && shape !== "half") throw new TypeError(`--shape is "${shape}"; pack or half.`);
  if (exporter !== "dynamo" && exporter !== "script")
    throw new TypeError(`--exporter is "${exporter}"; dynamo or script.`);
  const side = numberOption("side", values.side ?? (shape === "pack" ? "16" : "32"), 1);
  const rounds = numberOption("rounds", values.rounds, 1);
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), "underdraw-peers-"));
  const script = fileURLToPath(new URL("./peers_reference.py", import.meta.url));
  const prepare = (...args: string[]) => promisify(execFile)(python, [script, ...args], { maxBuffer: 2 ** 26 });
  const model = shape === "pack" ? miniFolder() : join(folder, "half");
  const net = shape === "pack" ? "lines" : "net";
  if (!existsSync(join(model, "model_index.json"))) await prepare("make", miniFolder(), model, "--scale", "0.5");
  const netFolder = join(model, "controlnet", net);
  const exported = join(folder, `${shape}-${side}-${exporter}`);
  if (!existsSync(join(exported, "vae_decoder.onnx")))
    await prepare("export", model, netFolder, exported, "--side", `${side}`, "--exporter", exporter);

  const read = (path: string) => JSON.parse(readFileSync(join(model, path), "utf8")) as Record<string, unknown>;
  const factor = 2 ** ((read("vae/config.json")["block_out_channels"] as number[]).length - 1);
  const channels = read("vae/config.json")["latent_channels"] as number;
  const [noise, map] = [join(folder, "noise.bin"), join(folder, "map.rgb")];
  writeFileSync(noise, normals(channels * side * side));
  writeFileSync(map, drawing(side * factor));
  const asked: Asked = {
    folder,
    model,
    net,
    side,
    steps: numberOption("steps", values.steps, 1),
    prompt: "flat emoji of a red apple",
    guidance: 4,
    weight: 0.8,
    noise,
    map,
  };
  const runner = fileURLToPath(new URL("../scripts/run.mjs", import.meta.url));
  const self = fileURLToPath(import.meta.url);
  const threads = values.threads === undefined ? [] : ["--threads", values.threads];
  const child = (name: string, ...args: string[]) =>
    startPeer(process.execPath, [runner, self, "--child", name, "--model", model, "--net", net, ...args]);
  const head = machine("cpu, float32", [
    `work      ${shape === "pack" ? "the pack" : "half of Stable Diffusion 1.5's width"}, ${side * factor} x ${side * factor} pixels, ${asked.steps} steps, one control, ${rounds} rounds; export by ${exporter}; ${values.threads === undefined ? "threads as each likes best" : `threads: ${values.threads}`}`,
  ]);
  const peers = {
    engine: await child("engine", ...threads),
    export: await child("exported", "--folder", exported, ...threads),
    diffusers: await startPeer(python, [script, "draw", model, netFolder, ...threads]),
  };
  const names = Object.keys(peers) as (keyof typeof peers)[];

  const made = new Map<string, Float32Array>();
  for (const name of names) {
    const latents = join(folder, `latents-${name}.bin`);
    await peers[name].ask({ ...asked, latents });
    made.set(name, floatsOf(latents));
  }
  const apart = (name: string) => error(made.get("engine") as Float32Array, made.get(name) as Float32Array);
  for (const name of ["export", "diffusers"])
    if (!(apart(name) < 1e-2)) throw new Error(`${name} comes to other latents (relative error ${apart(name)}).`);

  const answers = new Map<string, PeerAnswer[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (let n = 0; n < names.length; n++) {
      const name = names[(n + round + names.length) % names.length] as keyof typeof peers;
      const answer = await peers[name].ask(asked);
      if (round >= 0) answers.get(name)?.push(answer);
    }
  for (const name of names) await peers[name].close();
  if (values.folder === undefined) await rm(folder, { recursive: true });

  console.log(head);
  for (const name of names) console.log(`${name.padEnd(10)}${peers[name].about}`);
  console.log(
    `the same latents after ${asked.steps} steps: relative error of the export ${apart("export").toExponential(1)}, of diffusers ${apart("diffusers").toExponential(1)}\n`,
  );
  const of = (name: string, kind: keyof PeerAnswer) => (answers.get(name) ?? []).map((answer) => answer[kind]);
  console.log(
    table(
      ["", "a picture, median", "fastest to slowest", "processors' time", "memory, peak"],
      names.map((name) => [
        name,
        seconds(median(of(name, "ms"))),
        `${seconds(Math.min(...of(name, "ms")))} to ${seconds(Math.max(...of(name, "ms")))}`,
        seconds(median(of(name, "cpu"))),
        megabytes(Math.max(...of(name, "peak"))),
      ]),
    ),
  );
  for (const name of ["export", "diffusers"]) {
    const ratio = (kind: keyof PeerAnswer) => (median(of(name, kind)) / median(of("engine", kind))).toFixed(2);
    const each = of(name, "ms").map((ms, n) => (ms / (of("engine", "ms")[n] as number)).toFixed(2));
    console.log(
      `ratio     ${name} / engine: time ${ratio("ms")} (by round ${each.join(", ")}), processors' time ${ratio("cpu")}`,
    );
  }
}

function error(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0];
  for (const [n, value] of a.entries()) {
    difference += (value - (b[n] ?? Number.NaN)) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
}
