import type { LatentShape } from "./latent.ts";
import { createCudaNormals } from "./philox.ts";
import { createNormals } from "./random.ts";
import { slerp } from "./slerp.ts";

// Where a picture's random numbers come from: whose generator, which picture of a batch, which other seed it is turned
// towards. Everything is drawn in the order of diffusers' pipelines; only what A1111 does otherwise differs with "cuda".

/** What a picture's random numbers depend on. */
export interface NoiseSettings {
  readonly seed: bigint;
  /** Whose generator: torch's on the CPU, or torch's on an NVIDIA card. */
  readonly rng: "torch" | "cuda";
  /** A second seed whose first latents this one's are turned towards, by a share from 0 to 1. */
  readonly variation?: { readonly seed: bigint; readonly strength: number } | undefined;
  /** The place in a batch whose numbers are drawn as one tensor. Of "cuda" each picture has a generator of its own. */
  readonly batch?: { readonly index: number; readonly size: number } | undefined;
  /** Of the latents that are drawn. */
  readonly shape: LatentShape;
}

/** A picture's random numbers. */
export interface Noise {
  /** What all of them depend on: equal keys, equal numbers for equal calls. */
  readonly key: string;
  /** Standard normals for a purpose: "posterior.init", "initial", "posterior.masked", "step.3". */
  draw(name: string, length: number): Float32Array;
  /** Draws what diffusers draws for an encoded picture and nothing uses. */
  skip(length: number): void;
}

/** Opens a picture's random numbers. */
export function openNoise({ seed, rng, variation, batch, shape }: NoiseSettings): Noise {
  const { index, size } = (rng === "torch" ? batch : undefined) ?? { index: 0, size: 1 };
  const create = rng === "torch" ? createNormals : createCudaNormals;
  const next = create(seed);
  // diffusers draws an encoded picture's sample from the same generator. A1111 draws it on the CPU, apart from the
  // picture's generator, so that image-to-image begins with the same noise as text-to-image.
  const encoded = rng === "torch" ? next : createNormals(seed);
  const rows = (generator: typeof next, length: number): Float32Array => {
    const all = generator(size * length);
    return size === 1 ? all : all.slice(index * length, (index + 1) * length);
  };
  const turned = variation && variation.strength > 0 ? variation : null;
  return {
    key: JSON.stringify(["seed", rng, `${seed}`, turned && [`${turned.seed}`, turned.strength], index, size]),
    draw(name, length) {
      // An encoded picture serves the whole batch.
      if (name.startsWith("posterior")) return encoded(length);
      const own = rows(next, length);
      return name === "initial" && turned ? slerp(own, rows(create(turned.seed), length), turned.strength, shape) : own;
    },
    skip: (length) => void encoded(length),
  };
}
