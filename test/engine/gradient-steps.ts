import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { adam, adamwStep } from "../../engine/src/graph/adamw.ts";
import {
  CONTROL_PREFIX,
  elements,
  type Graph,
  sinusoids,
  type Weight,
  type Weights,
} from "../../engine/src/graph/index.ts";
import type { Extent } from "../../engine/src/graph/shape-inputs.ts";
import { netKey, type StepShape, type TrainingStep, trainingStep } from "../../engine/src/graph/training-step.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { within } from "../../engine/src/models/folder.ts";
import { openNet } from "../../engine/src/models/net.ts";
import { joinTensors } from "../../engine/src/models/tensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import type { Runtime, Session, Tensor } from "../../engine/src/runtime/runtime.ts";
import { numbersOf } from "./gradient-numbers.ts";
import { noWeights } from "./gradient-run.ts";

// Steps of training as plainly as they can be written: numbers in, numbers out.

/** A base with one of its nets. */
export interface Model {
  readonly unet: Parameters<typeof trainingStep>[0];
  readonly net: Parameters<typeof trainingStep>[1];
  /** Of both; the net's under `CONTROL_PREFIX`. */
  readonly weights: Weights;
}

/** The pack, or a folder of test/golden/parity. */
export async function openModel(name: string): Promise<Model> {
  const folder = nodeFolder(name === "pack" ? miniFolder() : `test/golden/parity/${name}/base`);
  const nets = { pack: "controlnet/lines", "sd15-tiny": "canny", "sd21-tiny": "depth" }[name] ?? "";
  const base = await openBase(folder);
  const net = await openNet(
    name === "pack" ? within(folder, nets) : nodeFolder(`test/golden/parity/${name}/controlnets/${nets}`),
  );
  const tensors = joinTensors(name, [
    [CONTROL_PREFIX, net.tensors],
    ["", base.unet.tensors],
  ]);
  return { unet: base.unet.config, net: net.config, weights: weightsOf(tensors) };
}

/** The weights of a model's UNet and of its net. */
export function modelFiles(name: string): string[] {
  const base = name === "pack" ? "models/pack" : `test/golden/parity/${name}/base`;
  const nets = { "sd15-tiny": "canny", "sd21-tiny": "depth" }[name];
  const net = name === "pack" ? `${base}/controlnet/lines` : `test/golden/parity/${name}/controlnets/${nets}`;
  return [`${base}/unet`, net].map((folder) => `${folder}/diffusion_pytorch_model.safetensors`);
}

/** What a step reads besides what learns. */
export interface Batch {
  readonly latent: Float32Array;
  readonly target: Float32Array;
  readonly states: Float32Array;
  readonly map: Float32Array;
  readonly timesteps: readonly number[];
  /** Of the residuals; 1 without. */
  readonly scale?: number;
}

/** States and map of a batch of make_steps.py, whose latent and target are in the golden. */
export function namedInputs(of: string, { unet, net }: Model, { batch, height, width, context = 0 }: Extent) {
  const area = height * width * 4 ** (net.hintChannels.length - 1);
  const map = numbersOf(`${of}/map`, batch * 3 * area);
  return {
    states: numbersOf(`${of}/states`, batch * context * unet.contextWidth),
    map: map.map((value) => (value > 0.4 ? 1 : 0)),
  };
}

/** An extent whose middle has two places: a lone one has no gradient of its attention. */
export const small = { batch: 2, height: 8, width: 16, context: 3 };
/** A batch of that extent. */
export const smallBatch = (model: Model): Batch => {
  const count = small.batch * model.unet.inChannels * small.height * small.width;
  const named = namedInputs("small", model, small);
  return { ...named, latent: numbersOf("latent", count), target: numbersOf("target", count), timesteps: [10, 700] };
};

/** The key of a weight as the goldens have it: with its rows where it is a part. */
export function goldenKey(weight: Weight): string {
  const [{ rows } = {}] = weight.parts;
  const key = netKey(weight) ?? "";
  return rows ? `${key}[${rows[0]}:${rows[1]}]` : key;
}

/** A number for each place of each weight, by names of weights. */
export type Numbers = Map<string, Float32Array>;

/** What a step gave. */
export interface StepResult {
  readonly loss: number;
  readonly prediction: Float32Array;
  readonly gradients: Numbers;
}

/** The numbers of each input of a step. */
export function stepValues({ unet }: Model, graph: Graph, batch: Batch, own: Numbers): Numbers {
  const { timesteps, scale = 1, ...given } = batch;
  const known = new Map([...own, ...Object.entries(given)]);
  known.set("sinusoid", Float32Array.from(sinusoids(timesteps, unet)));
  known.set("scale", new Float32Array(timesteps.length).fill(scale));
  return new Map(graph.inputs.map(({ name }) => [name, known.get(name) as Float32Array]));
}

/** A step's session. */
export class Steps {
  readonly step: TrainingStep;
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #session: Session;

  private constructor(runtime: Runtime, model: Model, step: TrainingStep, session: Session) {
    this.step = step;
    this.#model = model;
    this.#runtime = runtime;
    this.#session = session;
  }

  static async open(runtime: Runtime, model: Model, shape: StepShape, weights = model.weights): Promise<Steps> {
    const step = trainingStep(model.unet, model.net, shape);
    return new Steps(runtime, model, step, await runtime.open(step.graph, weights));
  }

  /** What learns, as the files have it; `low` gives the low-rank parts. */
  first(low: (weight: Weight) => Float32Array = ({ dims }) => new Float32Array(elements(dims))): Numbers {
    const { parts, weights } = this.step;
    const isLow = new Set(parts.flatMap(({ down, up }) => [down, up]));
    return new Map(
      weights.map((weight) => {
        if (isLow.has(weight)) return [weight.name, low(weight)];
        const values = new Float32Array(elements(weight.dims));
        this.#model.weights.read(weight, "float32", new Uint8Array(values.buffer));
        return [weight.name, values];
      }),
    );
  }

  async run(batch: Batch, own: Numbers): Promise<StepResult> {
    const { graph } = this.step;
    const values = stepValues(this.#model, graph, batch, own);
    const feeds: Record<string, Tensor> = {};
    for (const { name, dims } of graph.inputs)
      feeds[name] = this.#runtime.tensor("float32", dims as number[], values.get(name) as Float32Array);
    const outputs = await this.#session.run(feeds);
    const read = (name: string) => this.#runtime.read(outputs[name] as Tensor);
    const gradients: Numbers = new Map();
    for (const { name } of this.step.weights) gradients.set(name, (await read(`gradient.${name}`)).slice());
    const [loss = Number.NaN] = await read("loss");
    const prediction = (await read("prediction")).slice();
    for (const tensor of [...Object.values(feeds), ...Object.values(outputs)]) tensor.dispose();
    return { loss, prediction, gradients };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** How weights are updated. */
export interface UpdateOptions {
  readonly rate: number;
  readonly decay: number;
  readonly clip: number;
}

/** AdamW over weights: keeps their moments. */
export class Update {
  readonly #weights: readonly Weight[];
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #moments: Numbers = new Map();
  #count = 0;

  private constructor(runtime: Runtime, weights: readonly Weight[], session: Session) {
    this.#runtime = runtime;
    this.#weights = weights;
    this.#session = session;
  }

  static async open(runtime: Runtime, weights: readonly Weight[]): Promise<Update> {
    return new Update(runtime, weights, await runtime.open(adamwStep(weights), noWeights));
  }

  /** The next weights, and the norm of the gradients. */
  async run(own: Numbers, gradients: Numbers, { rate, decay, clip }: UpdateOptions): Promise<[Numbers, norm: number]> {
    this.#count += 1;
    const scalars = {
      share: 1,
      clip,
      kept: 1 - rate * decay,
      rate: rate / (1 - adam.beta1 ** this.#count),
      root: 1 / Math.sqrt(1 - adam.beta2 ** this.#count),
    };
    const feeds: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(scalars))
      feeds[name] = this.#runtime.tensor("float32", [1], Float32Array.of(value));
    for (const { name, dims } of this.#weights) {
      const put = (as: string, values: Float32Array) => {
        feeds[as] = this.#runtime.tensor("float32", dims, values);
      };
      put(name, own.get(name) as Float32Array);
      put(`gradient.${name}`, gradients.get(name) as Float32Array);
      for (const moment of [`m.${name}`, `v.${name}`])
        put(moment, this.#moments.get(moment) ?? new Float32Array(elements(dims)));
    }
    const outputs = await this.#session.run(feeds);
    const read = async (name: string) => (await this.#runtime.read(outputs[name] as Tensor)).slice();
    const next: Numbers = new Map();
    for (const { name } of this.#weights) {
      next.set(name, await read(`next.${name}`));
      for (const moment of [`m.${name}`, `v.${name}`]) this.#moments.set(moment, await read(`next.${moment}`));
    }
    const [norm = Number.NaN] = await read("norm");
    for (const tensor of [...Object.values(feeds), ...Object.values(outputs)]) tensor.dispose();
    return [next, norm];
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
