import type { Flag } from "./command.ts";

// The flags of `train`, by what they say.

const dataFlags: readonly Flag[] = [
  {
    name: "pairs",
    value: "DIR",
    help: "a folder of maps and the pictures they should become: prompt.json (source, target, prompt), metadata.jsonl or .csv (image, conditioning_image, text), or the folders source and target with files of equal names",
  },
  {
    name: "pictures",
    value: "DIR",
    help: "a folder of pictures alone; --condition draws their maps. Words for a picture lie in NAME.txt beside it",
  },
  {
    name: "condition",
    value: "NAME[,…]",
    help: "what to see in the pictures, with options: canny,low=100,high=200 (underdraw map --list tells all); beside --pairs only the name of what the maps show",
  },
  {
    name: "detector",
    value: "FILE",
    many: true,
    help: "the file of the model that the condition looks with, as --model of underdraw map",
  },
  { name: "invert", help: "exchange light and dark in the maps of --pairs: for dark lines on white or on nothing" },
];

const netFlags: readonly Flag[] = [
  {
    name: "model",
    value: "PATH",
    help: "the base, which stays as it is: a folder in diffusers' layout or a .safetensors file, or the address of one that underdraw fetch put in the store; the small pack without this. --base is another word for it",
  },
  {
    name: "prediction",
    value: "epsilon|v",
    help: "what the base's UNet predicts, where a single file cannot tell",
  },
  {
    name: "from",
    value: "PATH|NAME",
    help: "a net to go on from, or the name of one in the model's folder; a fresh copy of the base's encoder without this",
  },
  {
    name: "mode",
    value: "whole|light",
    help: "whole: the copy learns, as in the paper; light: only low-rank parts beside it, its hint block and its zero convolutions, for large bases; whole without this",
  },
  { name: "rank", value: "NUMBER", help: "of the low-rank parts of --mode light, 1 to 128; 16 without this" },
];

const lengthFlags: readonly Flag[] = [
  {
    name: "minutes",
    value: "NUMBER",
    help: "how long this run trains, from its first step on; 30 without this and without --steps",
  },
  { name: "steps", value: "NUMBER", help: "how many steps in all, those before a stop included" },
  { name: "batch", value: "NUMBER", help: "pairs a step, 1 to 1024; 4 without this" },
  {
    name: "accumulate",
    value: "NUMBER",
    help: "batches whose gradients make one step together: more pairs a step in the same memory; 1 without this",
  },
  { name: "size", value: "WxH", help: "pixels of the pictures it learns from; the base's own size without this" },
  {
    name: "learning-rate",
    value: "NUMBER",
    help: "1e-5 without this for bases as large as Stable Diffusion, 4e-4 for smaller ones",
  },
  { name: "seed", value: "NUMBER", help: "decides all that is random, 0 to 4294967295; 0 without this" },
  {
    name: "held-out",
    value: "NUMBER",
    help: "pairs that are kept aside and measured on; a tenth, 2 to 16, without this, and of fewer than 8 pairs none; at least 4 must be left",
  },
  { name: "every", value: "NUMBER", help: "steps between two measures, and two checkpoints; 100 without this" },
  {
    name: "no-mirror",
    help: "do not mirror pictures with their maps at random: for letters and other things with a side",
  },
  {
    name: "shift",
    value: "PIXELS",
    help: "shift pictures with their maps at random, by this at most, less than their shorter side; 0 without this",
  },
  {
    name: "mean",
    value: "NUMBER",
    help: "keep the mean of the weights over the steps, each new one counting 1 minus this, such as 0.999",
  },
];

const withFlags: readonly Flag[] = [
  {
    name: "memory",
    value: "SIZE",
    help: "most that training may take, such as 8GB; what the machine has without this. Where less is there, more is computed twice",
  },
  { name: "device", value: "cpu|webgpu", help: "what computes; the CPU without this" },
];

const resultFlags: readonly Flag[] = [
  {
    name: "out",
    letter: "o",
    value: "DIR",
    help: "the folder of checkpoints, samples and the net; DATA-net without this",
  },
  { name: "name", value: "TEXT", help: "what the net is called; the data folder's name without this" },
  {
    name: "licence",
    value: "TEXT",
    help: "under which terms the net may be used, such as CC-BY-4.0: without it there are checkpoints, and the net is not written",
  },
  { name: "json", help: "one JSON object on stdout instead of lines" },
];

/** All flags of `train`, by heading. */
export const trainFlags: Readonly<Record<string, readonly Flag[]>> = {
  "What to learn from": dataFlags,
  "What learns": netFlags,
  "How long and how": lengthFlags,
  "With what": withFlags,
  Result: resultFlags,
};

/** The other word for --model. */
export const baseFlag: Flag = { name: "base", value: "PATH", help: "--model" };
