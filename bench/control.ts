import { parseArgs } from "node:util";
import { createPixels, Engine, type GenerateOptions, type GenerateRequest, type Pipeline } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// What controls cost in a picture, through the public pipeline: how much one and two nets add to a step, what a range, a
// half of guidance and hoisting save, and what of a picture has to be drawn again when one weight changes at half time.
// Every case is drawn once a round, in turns that begin elsewhere each round. Medians of rounds are compared, and the
// fastest ones, since what else runs can only add; beside the time that the caller waits stands that of the processors,
// which other work changes less.
//
//   node scripts/run.mjs bench/control.ts                               (the pack, 256 x 256)
//   node scripts/run.mjs bench/control.ts --model FOLDER --net net      (any diffusers folder: bench/peers_reference.py makes
//                                                                        one of half of Stable Diffusion 1.5's width)
//   also: --size 256 --steps 20 --rounds 7 --threads N

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    net: { type: "string", default: "lines" },
    size: { type: "string", default: "256" },
    steps: { type: "string", default: "20" },
    rounds: { type: "string", default: "7" },
    threads: { type: "string" },
  },
});
const size = numberOption("size", values.size, 8);
const steps = numberOption("steps", values.steps, 2);
const rounds = numberOption("rounds", values.rounds, 1);
const model = values.model ?? miniFolder();
const engine = new Engine({
  models: nodeFolder(model),
  runtime: {
    device: "cpu",
    ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
  },
});
const { about, provider, precision } = await engine.device();
const head = machine(`${provider}, ${precision} (${about})`, [
  `work      ${values.model ?? "the pack"}, ${size} x ${size} pixels, ${steps} steps, ${rounds} rounds`,
]);
const pipeline = await engine.load({ nets: [values.net] });

const map = createPixels(size, size);
for (let n = 0; n < size * size; n++) {
  const far = Math.hypot((n % size) / size - 0.5, Math.floor(n / size) / size - 0.5);
  map.data.fill(Math.abs(far - 0.3) < 0.02 ? 255 : 0, 4 * n, 4 * n + 3);
  map.data[4 * n + 3] = 255;
}
const other = { ...map, data: map.data.map((value, n) => (n % 4 === 3 ? value : 255 - value)) };
const control = { map: { condition: "map", pixels: map }, net: values.net, weight: 0.8, halves: [1, 1] } as const;
const second = { ...control, map: { condition: "map", pixels: other } };
const late = { ...control, range: [0.5, 1] } as const;

const asked = (controls: GenerateRequest["controls"], more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompt: "flat emoji of a red apple",
  width: size,
  height: size,
  steps,
  guidance: 4,
  seed: 1,
  controls,
  ...more,
});
const cold: GenerateOptions = { reuse: false, measure: false };
const known: GenerateOptions = { measure: false };

/** A case: what is drawn with the clock running, and what is drawn just before. */
interface Case {
  readonly request: GenerateRequest;
  readonly options?: GenerateOptions;
  before?(round: number): GenerateRequest;
}

const cases = {
  none: { request: asked([]) },
  one: { request: asked([control]) },
  two: { request: asked([control, second]) },
  "one outside its range": { request: asked([{ ...control, range: [0.01, 0.02] }]) },
  "one, range 0 to 0.5": { request: asked([{ ...control, range: [0, 0.5] }]) },
  "one, conditional half": { request: asked([{ ...control, halves: [1, 0] }]) },
  "one from 0.5 on": { request: asked([late]) },
} satisfies Record<string, Case>;
type Name = keyof typeof cases | "one from 0.5 on, weight changed" | "one, weight changed from 0.5 on";

/** Milliseconds of each round: of a picture, and of one of its steps, without the first and what comes before it. */
interface Times {
  readonly ms: number[];
  readonly cpu: number[];
  readonly stepMs: number[];
  readonly stepCpu: number[];
}
const times = new Map<Name, Times>();
const processors = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const runsOf = async (pipe: Pipeline, request: GenerateRequest, options: GenerateOptions) => {
  const before = pipe.runs();
  const result = await pipe.generate(request, options);
  const after = pipe.runs();
  const ran = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  return { result, control: ran(`${values.net}.control`), decoder: ran("unet_decoder") };
};

async function timed(name: Name, request: GenerateRequest, options: GenerateOptions, counted: boolean) {
  const seen: [ms: number, cpu: number][] = [];
  const [used, begun] = [processors(), performance.now()];
  const found = await runsOf(pipeline, request, {
    ...options,
    onProgress: ({ phase }) => {
      if (phase === "denoise") seen.push([performance.now(), processors()]);
    },
  });
  const [ms, cpu] = [performance.now() - begun, processors() - used];
  const list = times.get(name) ?? { ms: [], cpu: [], stepMs: [], stepCpu: [] };
  times.set(name, list);
  if (counted) {
    const [first = [0, 0], last = [0, 0]] = [seen[0], seen.at(-1)];
    list.ms.push(ms);
    list.cpu.push(cpu);
    list.stepMs.push((last[0] - first[0]) / (seen.length - 1));
    list.stepCpu.push((last[1] - first[1]) / (seen.length - 1));
  }
  return found;
}

const work: ((round: number) => Promise<void>)[] = [
  ...(Object.keys(cases) as (keyof typeof cases)[]).map((name) => async (round: number) => {
    await timed(name, cases[name].request, cold, round >= 0);
  }),
  async (round) => {
    // Weights that no earlier round had; the picture before is another one of the same seed.
    const at = (weight: number) => asked([{ ...late, weight }]);
    await pipeline.generate(at(0.3 + 0.001 * (round + 2)), known);
    const changed = at(0.9 + 0.001 * (round + 2));
    const { result, decoder } = await timed("one from 0.5 on, weight changed", changed, known, round >= 0);
    if (decoder !== steps - Math.ceil(steps / 2) || result.reused.steps !== Math.ceil(steps / 2))
      throw new Error(`A changed weight ran ${decoder} of ${steps} steps, and ${result.reused.steps} were known.`);
  },
];
work.push(async (round) => {
  // The net acts in every step; its weight is another one from the middle on.
  const at = (weight: number) => {
    const curve = [
      [0, 1],
      [0.49, 1],
      [0.5, weight],
      [1, weight],
    ] as const;
    return asked([{ ...control, curve }]);
  };
  await pipeline.generate(at(0.3 + 0.001 * (round + 2)), known);
  const changed = at(0.9 + 0.001 * (round + 2));
  const { decoder } = await timed("one, weight changed from 0.5 on", changed, known, round >= 0);
  if (decoder !== steps - Math.ceil(steps / 2)) throw new Error(`A changed weight ran ${decoder} of ${steps} steps.`);
});
const { control: outside } = await runsOf(pipeline, cases["one outside its range"].request, cold);
if (outside !== 0) throw new Error(`A net outside its range ran ${outside} times.`);
for (let round = -1; round < rounds; round++)
  for (let n = 0; n < work.length; n++) await work[(n + round + work.length) % work.length]?.(round);

type Measure = (values: readonly number[]) => number;
const fastest: Measure = (values) => Math.min(...values);
const names: readonly Name[] = [
  ...(Object.keys(cases) as (keyof typeof cases)[]),
  "one from 0.5 on, weight changed",
  "one, weight changed from 0.5 on",
];
const of = (name: Name, kind: keyof Times, measure: Measure) => measure(times.get(name)?.[kind] ?? []);
const share = (value: number) => `${(100 * value).toFixed(0)} %`;
console.log(head);
console.log(
  table(
    ["a picture with", "median", "fastest", "processors' time", "a step", "processors' time"],
    names.map((name) => [
      name,
      milliseconds(of(name, "ms", median)),
      milliseconds(of(name, "ms", fastest)),
      milliseconds(of(name, "cpu", fastest)),
      milliseconds(of(name, "stepMs", median)),
      milliseconds(of(name, "stepCpu", fastest)),
    ]),
  ),
);

/** The time of a picture, or of one of its steps, by a case's name. */
type Look = (name: Name) => number;
const ratios: readonly (readonly [
  what: string,
  of: "picture" | "step",
  value: (look: Look) => string,
  goal: string,
])[] = [
  ["one net adds to a step", "step", (look) => share(look("one") / look("none") - 1), "at most 45 %"],
  ["two nets add to a step", "step", (look) => share(look("two") / look("none") - 1), "at most 85 %"],
  [
    "outside its range one adds",
    "step",
    (look) => share(look("one outside its range") / look("none") - 1),
    "0: it ran 0 times",
  ],
  [
    "both halves / conditional half",
    "picture",
    (look) => (look("one") / look("one, conditional half")).toFixed(2),
    "at least 1.12",
  ],
  [
    "range 0 to 0.5 saves of the net's time",
    "picture",
    (look) => share((look("one") - look("one, range 0 to 0.5")) / (look("one") - look("none"))),
    "50 %",
  ],
  [
    "weight changed at half time / full run",
    "picture",
    (look) => share(look("one, weight changed from 0.5 on") / look("one")),
    "at most 60 %",
  ],
  [
    "the same, of a net that acts from half time on",
    "picture",
    (look) => share(look("one from 0.5 on, weight changed") / look("one from 0.5 on")),
    "at most 60 %",
  ],
];
console.log(
  table(
    ["ratio", "time, medians", "time, fastest", "processors' time, fastest", "goal"],
    ratios.map(([what, extent, value, goal]) => {
      const [time, cpu] = extent === "step" ? (["stepMs", "stepCpu"] as const) : (["ms", "cpu"] as const);
      return [
        what,
        value((name) => of(name, time, median)),
        value((name) => of(name, time, fastest)),
        value((name) => of(name, cpu, fastest)),
        goal,
      ];
    }),
  ),
);
await engine.dispose();
