import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createPixels, Engine, type Pixels } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { writePicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";
import { procBytes, runChild } from "./measure/child.ts";
import { machine, median, megabytes, numberOption, seconds, table } from "./measure/report.ts";

// How long a picture takes with the pack and its net for lines, on the CPU provider: cold (a new process that starts,
// loads and draws its first picture) and warm (the next picture in the same process), by phase; and the command
// `underdraw draw` from start to end, as a person meets it. Medians of some rounds, each in new processes.
//
//   node scripts/run.mjs bench/draw.ts [--steps 16] [--size 256] [--rounds 3] [--threads N]
//
// "start" is everything before the engine's first line runs. In a clone that includes bundling the TypeScript sources
// (scripts/run.mjs); an installed package has that done already.

const phases = ["start", "open device", "load", "encode", "denoise", "decode", "write PNG"] as const;
type Phase = (typeof phases)[number];
type Times = Partial<Record<Phase, number>>;

interface Report {
  readonly cold: Times;
  readonly warm: Times;
  readonly about: string;
  readonly resident: number | null;
}

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "16" },
    size: { type: "string", default: "256" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string" },
    child: { type: "string" },
  },
});
const steps = numberOption("steps", values.steps, 1);
const size = numberOption("size", values.size, 1);
const prompt = "flat emoji of a red apple";
if (values.child !== undefined) await child(Number(values.child));
else await parent();

/** A drawing: a circle and a stalk, white on black. */
function drawing(): Pixels {
  const pixels = createPixels(size, size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [u, v] = [(x + 0.5) / size - 0.5, (y + 0.5) / size - 0.55];
      const line = Math.abs(Math.hypot(u, v) - 0.32) < 0.012 || (Math.abs(u) < 0.012 && v < -0.3 && v > -0.45);
      pixels.data.fill(line ? 255 : 0, 4 * (y * size + x), 4 * (y * size + x) + 3);
      pixels.data[4 * (y * size + x) + 3] = 255;
    }
  return pixels;
}

/** Draws two pictures and reports on stdout; `born` is when the parent started this process. */
async function child(born: number): Promise<void> {
  const now = () => performance.timeOrigin + performance.now();
  const cold: Times = { start: now() - born };
  let last = now();
  const lap = (): number => {
    const since = now() - last;
    last = now();
    return since;
  };
  const engine = new Engine({
    models: nodeFolder(miniFolder()),
    runtime: {
      device: "cpu",
      ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
    },
  });
  const { about } = await engine.device();
  cold["open device"] = lap();
  const pipeline = await engine.load({ nets: ["lines"] });
  cold.load = lap();
  const picture = async (times: Times): Promise<void> => {
    lap();
    const { pixels } = await pipeline.generate(
      {
        prompt,
        width: size,
        height: size,
        steps,
        seed: 7,
        controls: [{ map: { condition: "lines", pixels: drawing() }, net: "lines" }],
      },
      {
        onProgress: (progress) => {
          // The first step's end comes after what is prepared before the loop: the map's features belong to "encode".
          if (progress.phase === "encode") times.encode = (times.encode ?? 0) + lap();
          else if (progress.phase === "denoise") times.denoise = (times.denoise ?? 0) + lap();
          else if (progress.phase === "decode" && progress.fraction === 1) times.decode = lap();
        },
      },
    );
    lap();
    await writePicture(pixels, { format: "png" });
    times["write PNG"] = lap();
  };
  await picture(cold);
  const warm: Times = {};
  await picture(warm);
  const report: Report = { cold, warm, about, resident: procBytes("self/status", "VmHWM") };
  console.log(JSON.stringify(report));
  await engine.dispose();
}

async function parent(): Promise<void> {
  const rounds = numberOption("rounds", values.rounds, 1);
  const options = ["--steps", String(steps), "--size", String(size)];
  if (values.threads !== undefined) options.push("--threads", values.threads);
  const head = machine("cpu, float32", [
    `work      ${size} x ${size}, ${steps} steps, the net for lines, ${rounds} rounds`,
  ]);
  const reports: Report[] = [];
  const commands: number[] = [];
  const folder = await mkdtemp(join(tmpdir(), "underdraw-draw-"));
  try {
    const map = join(folder, "map.png");
    await writeFile(map, await writePicture(drawing(), { format: "png" }));
    const underdraw = ["../scripts/run.mjs", "../cli/src/main.ts"].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    );
    for (let round = 0; round < rounds; round++) {
      reports.push(await runChild<Report>(import.meta.url, [...options, "--child", String(Date.now())]));
      const [started, out] = [performance.now(), join(folder, "picture.png")];
      const asked = [
        "--map",
        map,
        "--prompt",
        prompt,
        "--size",
        `${size}x${size}`,
        "--steps",
        String(steps),
        "--seed",
        "7",
      ];
      await promisify(execFile)(process.execPath, [...underdraw, "draw", ...asked, "--out", out]);
      commands.push(performance.now() - started);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  console.log(head);
  const of = (which: "cold" | "warm", phase: Phase) => median(reports.map((report) => report[which][phase] ?? 0));
  const total = (which: "cold" | "warm") =>
    median(reports.map((report) => phases.reduce((sum, phase) => sum + (report[which][phase] ?? 0), 0)));
  console.log(
    table(
      ["phase", "cold", "warm"],
      [
        ...phases.map((phase) => [
          phase,
          seconds(of("cold", phase)),
          of("warm", phase) ? seconds(of("warm", phase)) : "-",
        ]),
        ["all", seconds(total("cold")), seconds(total("warm"))],
        ["the command `underdraw draw`", seconds(median(commands)), "-"],
      ],
    ),
  );
  const resident = reports.map((report) => report.resident ?? Number.NaN);
  console.log(`provider  ${reports[0]?.about ?? ""}; peak memory ${megabytes(median(resident))}`);
  console.log(
    `per step  cold ${seconds(of("cold", "denoise") / steps)}, warm ${seconds(of("warm", "denoise") / steps)}`,
  );
  console.log(`ratio     seconds, warm / cold: ${(total("warm") / total("cold")).toFixed(2)}`);
}
