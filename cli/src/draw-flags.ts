import type { Flag } from "./command.ts";
import { mapFlags, strengthFlags } from "./control-flags.ts";
import { initFlags } from "./init-flags.ts";
import { modelFlags } from "./model-flags.ts";

// The flags of `draw`, by what they say.

const pictureFlags: readonly Flag[] = [
  { name: "prompt", value: "TEXT", help: "what the picture shows" },
  { name: "negative", value: "TEXT", help: "what it should keep away from; has a say where guidance is above 1" },
  {
    name: "prompt-syntax",
    value: "weighted|plain",
    help: "weighted reads (word:1.2), [less] and BREAK, and goes on beyond 75 tokens; plain takes every sign as text and cuts; weighted without this",
  },
  {
    name: "size",
    value: "WxH",
    help: "pixels; without this the map's proportions at the model's own size, or the size of --init where it has a mask",
  },
  { name: "seed", value: "NUMBER", help: "0 to 2^64 - 1; a random one without this" },
  {
    name: "rng",
    value: "torch|cuda",
    help: "whose random numbers a seed gives: torch of diffusers and ComfyUI, cuda of A1111 on an NVIDIA card; torch without this",
  },
  {
    name: "variation",
    value: "SEED=STRENGTH",
    help: "turn the seed's noise towards another seed's, 0 to 1",
  },
  { name: "steps", value: "NUMBER", help: "1 to 1000; the model's own number without this" },
  { name: "guidance", value: "NUMBER", help: "how literally to take the prompt; acts above 1" },
  { name: "guidance-rescale", value: "NUMBER", help: "0 to 1: how much of what guidance overdoes is taken back" },
  { name: "clip-skip", value: "NUMBER", help: "how many of the text encoder's last layers to leave out, from 0" },
  { name: "sampler", value: "NAME", help: "ddim, euler …; the model's own without this" },
  {
    name: "recipe",
    value: "FILE.png",
    help: "draw that picture again; other flags take the place of what it says",
  },
];

const withFlags: readonly Flag[] = [
  {
    name: "model",
    value: "PATH",
    help: "a folder in diffusers' layout or a .safetensors file, or the address of one that underdraw fetch put in the store; the small pack without this",
  },
  ...modelFlags,
  {
    name: "tiles",
    value: "auto|always|never",
    help: "whether the VAE works in tiles, which takes less memory and gives slightly other pixels; auto does where the whole does not fit",
  },
  { name: "device", value: "cpu|webgpu", help: "what computes; the CPU without this" },
];

const resultFlags: readonly Flag[] = [
  { name: "out", letter: "o", value: "FILE", help: "where to: .png, .jpg or .webp; underdraw.png without this" },
  {
    name: "batch",
    value: "NUMBER",
    help: "draw this many, 1 to 64, as FILE-1.png, FILE-2.png …: with --rng torch as one batch of diffusers, with --rng cuda from one seed on, or with --variation from that seed on",
  },
  {
    name: "count",
    value: "NUMBER",
    help: "draw this many from one seed on, 1 to 64, and keep the one that follows best",
  },
  {
    name: "influence",
    value: "FILE.png",
    help: "write where each control acted, white for most; with several controls FILE-1.png, FILE-2.png …",
  },
  {
    name: "show",
    value: "FILE.png",
    help: "write how the picture looks after each step there, over the one before, while it is drawn",
  },
  { name: "no-measure", help: "do not measure how well the picture follows its maps" },
  { name: "json", help: "one JSON object on stdout instead of lines" },
];

/** All flags of `draw`, by heading. */
export const drawFlags: Readonly<Record<string, readonly Flag[]>> = {
  "What to follow, for each control": mapFlags,
  "How strongly, when and where, for each control": strengthFlags,
  "What to draw": pictureFlags,
  "What to begin with": initFlags,
  "With what": withFlags,
  Result: resultFlags,
};
