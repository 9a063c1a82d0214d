import { controlNetGraphs, type LoadedNet } from "../../engine/src/controlnet/net.ts";
import { strengths } from "../../engine/src/controlnet/strength.ts";
import { createPixels, type Pixels } from "../../engine/src/core/pixels.ts";
import { denoise, type LoadedUnet } from "../../engine/src/diffusion/denoise.ts";
import { Kept } from "../../engine/src/diffusion/kept.ts";
import { noMemory, type Schedule, step } from "../../engine/src/diffusion/schedule.ts";
import {
  CONTROL_PREFIX,
  type ControlNetConfig,
  kv,
  residualLevels,
  sinusoids,
  sumNames,
  temb,
  type UnetConfig,
  unetDecoder,
  unetEncoder,
  wholeStep,
} from "../../engine/src/graph/index.ts";
import { disposeAll, type Network, openNetwork } from "../../engine/src/runtime/network.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { Clock } from "./clock.ts";
import { randomWeights } from "./random-weights.ts";

// The same UNet with the same ControlNet in two forms, each able to denoise a latent: the engine's own loop over split
// graphs, and one graph with everything inside the loop, as a pipeline exported in one piece runs it.

/** A UNet with one ControlNet. */
export interface Steered {
  readonly unet: UnetConfig;
  readonly net: ControlNetConfig;
}

/** What is denoised. */
export interface Job {
  readonly schedule: Schedule;
  readonly batch: 1 | 2;
  readonly side: number;
  readonly context: number;
}

/** A network that denoises, in whichever form. */
export interface Denoiser {
  run(job: Job): Promise<Float32Array>;
  /** Starts a new clock, and gives the time by graph since the last. */
  lap(): [name: string, milliseconds: number][];
  release(): Promise<void>;
}

const STRENGTH = 0.8;
const GUIDANCE = 7.5;

/** Numbers that look like normals, the same for the same seed. */
function normals(seed: number, length: number): Float32Array {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
}

function mapOf({ net }: Steered, { side }: Job): Pixels {
  const pixels = createPixels(side * 2 ** (net.hintChannels.length - 1), side * 2 ** (net.hintChannels.length - 1));
  pixels.data.forEach((_, n) => {
    pixels.data[n] = n % 4 === 3 || n % 28 < 4 ? 255 : 0;
  });
  return pixels;
}

/** The engine's way. */
export async function openSplit(runtime: Runtime, steered: Steered): Promise<Denoiser> {
  const { unet, net } = steered;
  const { precision } = runtime;
  let clock = new Clock();
  const opened: Network[] = [];
  const load = async (name: string, graph: Network["graph"], prefix: string): Promise<Network> => {
    const network = await openNetwork(runtime, graph, randomWeights(prefix));
    opened.push(network);
    return {
      ...network,
      run: (...input) => clock.time(name, () => network.run(...input)),
    };
  };
  // A runtime keeps its parts to itself, so that its own methods must be called on it.
  const timed: Runtime = new Proxy(runtime, {
    get(target, name) {
      if (name === "addScaled")
        return (...input: Parameters<Runtime["addScaled"]>) => clock.time("sum", () => runtime.addScaled(...input));
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
  const loaded: LoadedUnet = {
    config: unet,
    pieces: {
      kv: await load("kv", kv(unet, precision), ""),
      temb: await load("temb", temb(unet, precision), ""),
      encoder: await load("unet_encoder", unetEncoder(unet, precision), ""),
      decoder: await load("unet_decoder", unetDecoder(unet, precision), ""),
    },
    names: sumNames(unet),
  };
  const graphs = controlNetGraphs(net, precision);
  const loadedNet: LoadedNet = {
    config: net,
    names: sumNames(net),
    pieces: {
      hint: await load("hint", graphs.hint, CONTROL_PREFIX),
      kv: await load("control kv", graphs.kv, CONTROL_PREFIX),
      temb: await load("control temb", graphs.temb, CONTROL_PREFIX),
      control: await load("control", graphs.control, CONTROL_PREFIX),
    },
    release: async () => {},
  };
  return {
    run: async (job) => {
      const { schedule, batch, side, context } = job;
      const states = (seed: number) => ({ key: `${seed}`, states: normals(seed, context * unet.contextWidth) });
      const size = unet.inChannels * side * side;
      const guided = batch === 2;
      const shape = { levels: residualLevels(net), steps: schedule.steps.length, guided, globalPool: false };
      // Nothing is kept: each run computes all of it.
      const denoised = await denoise(
        timed,
        loaded,
        {
          schedule,
          prediction: "epsilon",
          shape: { channels: unet.inChannels, height: side, width: side },
          conditional: states(2),
          unconditional: guided ? states(3) : null,
          context,
          guidance: GUIDANCE,
          rescale: 0,
          start: { key: "", latents: normals(1, size).map((value) => value * schedule.initialNoiseScale) },
          controls: [
            {
              index: 0,
              name: "net",
              net: loadedNet,
              map: mapOf(steered, job),
              mapKey: "",
              strengths: strengths({ weight: STRENGTH }, shape),
              mask: null,
              masks: null,
            },
          ],
          normals: (_, length) => normals(1, length),
          noiseKey: "",
        },
        new Kept(0),
      );
      return denoised.latents;
    },
    lap: () => {
      const spent = clock.entries();
      clock = new Clock();
      return spent;
    },
    release: async () => {
      for (const network of opened) await network.release();
    },
  };
}

/** Everything inside the loop. The map goes in once for both halves of guidance, which is kind to this form. */
export async function openWhole(runtime: Runtime, steered: Steered): Promise<Denoiser> {
  const { unet, net } = steered;
  let clock = new Clock();
  const network = await openNetwork(runtime, wholeStep(unet, net, runtime.precision), randomWeights());
  return {
    async run(job) {
      const { schedule, batch, side, context } = job;
      const size = unet.inChannels * side * side;
      const floats = (dims: number[], values: Float32Array): Tensor => runtime.tensor(runtime.precision, dims, values);
      const states = new Float32Array(batch * context * unet.contextWidth);
      const rows = batch === 2 ? [3, 2] : [2];
      rows.forEach((seed, n) => {
        states.set(normals(seed, context * unet.contextWidth), n * context * unet.contextWidth);
      });
      const { width, height, data } = mapOf(steered, job);
      const area = width * height;
      const map = Float32Array.from({ length: 3 * area }, (_, n) => {
        const channel = Math.floor(n / area);
        return (data[4 * (n % area) + (net.bgr ? 2 - channel : channel)] ?? 0) / 255;
      });
      const kept = {
        states: floats([batch, context, unet.contextWidth], states),
        map: floats([1, 3, height, width], map),
        scale: floats([batch, 1, 1, 1], new Float32Array(batch).fill(STRENGTH)),
      };
      let latents: Float32Array = normals(1, size).map((value) => value * schedule.initialNoiseScale);
      let memory = noMemory;
      for (const [i, at] of schedule.steps.entries()) {
        const doubled = new Float32Array(batch * size);
        for (let n = 0; n < batch * size; n++) doubled[n] = (latents[n % size] ?? 0) * at.inputScale;
        const own = {
          latent: floats([batch, unet.inChannels, side, side], doubled),
          sinusoid: floats([1, unet.channels[0] ?? 0], sinusoids([at.timestep], unet)),
        };
        const extent = { batch, height: side, width: side, context };
        const found = await clock.time("whole", () => network.run({ ...kept, ...own }, extent));
        const output = await runtime.read(found["prediction"] as Tensor);
        disposeAll(own);
        disposeAll(found);
        const guided = output.slice(output.length - size);
        if (batch === 2)
          for (let n = 0; n < size; n++) {
            const unconditional = output[n] ?? 0;
            guided[n] = unconditional + GUIDANCE * ((guided[n] ?? 0) - unconditional);
          }
        const noise = at.next.noise === 0 ? {} : { noise: normals(1, size) };
        ({ latents, memory } = step(schedule, i, { latents, output: guided, memory, ...noise }));
      }
      disposeAll(kept);
      return latents;
    },
    lap: () => {
      const spent = clock.entries();
      clock = new Clock();
      return spent;
    },
    release: () => network.release(),
  };
}
