import { parseArgs } from "node:util";
import { createPixels, type Pixels } from "@underdraw/engine/core";
import { connectHost, type HostAdapter } from "@underdraw/sdk";
import { type Port, serveHost } from "@underdraw/sdk/host";
import { fakeHost, portPair } from "@underdraw/sdk/testing";
import { figmaKit } from "../test/hosts/figma/kit.ts";
import { openConnected } from "../test/hosts/photoshop/kit.ts";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// What it takes to read a selection of 1024 x 1024 pixels from an editor and to place a picture of that size as a layer:
// the built plugins in the simulators of Figma and Photoshop, and the editor in memory, each through `connectHost`. What
// is timed is the whole of it, the simulator's own work too: exporting and compositing in JavaScript, Figma's sandbox in
// an interpreter. What real editors need for theirs only they can tell. The editor in memory does little besides: what it
// takes is what the bridge costs.
//
//   node scripts/run.mjs bench/hosts.ts [--side 1024] [--rounds 7] [--only fake,figma,photoshop]
//
// Photoshop's bridge is measured twice: as wide as this machine can make it, and at 50 MB/s with 2 ms of delay.

const { values } = parseArgs({
  options: {
    side: { type: "string", default: "1024" },
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: "fake,figma,photoshop" },
  },
});
const side = numberOption("side", values.side, 1);
const rounds = numberOption("rounds", values.rounds, 1);
const wanted = values.only.split(",");
for (const editor of wanted)
  if (!["fake", "figma", "photoshop"].includes(editor))
    throw new TypeError(`--only has "${editor}", which is no editor.`);
const load = loadNow();

/** An editor with a picture of the side selected in it. */
interface Way {
  readonly host: HostAdapter;
  /** Takes back what was placed. */
  restore(): unknown;
  close(): unknown;
}

/** Colours that change softly, with grain: what PNG neither stores as nothing nor as noise. */
const picture = ((): Pixels => {
  const pixels = createPixels(side, side);
  let grain = 1;
  for (let i = 0; i < pixels.data.length; i++) {
    grain = (Math.imul(grain, 1_664_525) + 1_013_904_223) >>> 0;
    const [x, y] = [(i >> 2) % side, Math.floor((i >> 2) / side)];
    const soft = 128 + 100 * Math.sin((x * (1 + (i % 4)) + y) / 90);
    pixels.data[i] = i % 4 === 3 ? 255 : soft + (grain >>> 28);
  }
  return pixels;
})();
const bounds = { x: 0, y: 0, width: side, height: side };

async function fake(carries: Port["carries"] | null): Promise<Way> {
  const editor = fakeHost({ width: side, height: side });
  await editor.kit.select(picture, bounds);
  const { undo: restore } = editor.kit;
  if (carries === null) return { host: editor, restore, close: () => undefined };
  const pair = portPair({ carries });
  serveHost(editor, pair.host);
  return { host: await connectHost(pair.panel), restore, close: () => pair.close() };
}

async function figma(): Promise<Way> {
  const { figma: editor, host, select, undo } = await figmaKit();
  await select(picture, bounds);
  const chosen = await editor.selection();
  const restore = async (): Promise<void> => {
    await undo();
    await editor.select(chosen); // an undone placing leaves nothing selected
  };
  return { host, restore, close: () => editor.close() };
}

async function photoshop(depth: 8 | 16, bridge: { readonly mbPerS: number; readonly latencyMs: number }): Promise<Way> {
  const { ps, host } = await openConnected({ bridge });
  const fill = (x: number, y: number): readonly number[] => {
    const at = 4 * (y * side + x);
    return [...picture.data.subarray(at, at + 4)];
  };
  ps.open({ width: side, height: side, depth, layers: [{ name: "Picture", fill }] });
  ps.activate("Picture");
  return { host, restore: () => ps.undo(), close: () => ps.quit() };
}

const wide = { mbPerS: 10_000, latencyMs: 0 };
const shipped = { mbPerS: 50, latencyMs: 2 };
const ways: readonly [editor: string, name: string, make: () => Promise<Way>][] = [
  ["fake", "in memory, no bridge", () => fake(null)],
  ["fake", "in memory, bytes", () => fake("bytes")],
  ["fake", "in memory, JSON", () => fake("json")],
  ["figma", "Figma, bytes", figma],
  ["photoshop", "Photoshop 8 bit, JSON", () => photoshop(8, wide)],
  ["photoshop", "Photoshop 16 bit, JSON", () => photoshop(16, wide)],
  ["photoshop", "Photoshop 8 bit, JSON at 50 MB/s", () => photoshop(8, shipped)],
  ["photoshop", "Photoshop 16 bit, JSON at 50 MB/s", () => photoshop(16, shipped)],
];

async function captured({ host }: Way): Promise<void> {
  const capture = await host.capture({ maxSide: side });
  if (capture?.pixels.width !== side || capture.pixels.height !== side)
    throw new Error(
      `${host.name} gave ${capture?.pixels.width} x ${capture?.pixels.height} pixels, not ${side} a side.`,
    );
}

async function placed({ host }: Way): Promise<void> {
  await host.place("Underdraw", [{ name: "Picture", pixels: picture, bounds, recipe: "{}" }]);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

const opened: { readonly name: string; readonly way: Way; readonly captures: number[]; readonly places: number[] }[] =
  [];
for (const [editor, name, make] of ways)
  if (wanted.includes(editor)) opened.push({ name, way: await make(), captures: [], places: [] });
// In turns, so that what else the machine does falls on all of them; the first round warms up.
for (let round = 0; round <= rounds; round++)
  for (const { way, captures, places } of opened) {
    const capture = await timed(() => captured(way));
    const place = await timed(() => placed(way));
    await way.restore();
    if (round === 0) continue;
    captures.push(capture);
    places.push(place);
  }
for (const { way } of opened) await way.close();

const rows = opened.map(({ name, captures, places }) => [
  name,
  ...[captures, places].flatMap((times) => [median(times), Math.min(...times)]).map(milliseconds),
]);
const found = new Map(opened.map(({ name, ...times }) => [name, times]));
console.log(machine("none", [`work      ${side} x ${side} pixels, medians of ${rounds} rounds`], load));
console.log(table(["editor", "capture", "best", "place", "best"], rows));
for (const [name, peer] of [
  ["Figma, bytes", "in memory, bytes"],
  ["Photoshop 8 bit, JSON", "in memory, JSON"],
] as const) {
  const [one, other] = [found.get(name), found.get(peer)];
  if (!one || !other) continue;
  const ratio = (call: "captures" | "places"): string => (median(one[call]) / median(other[call])).toFixed(2);
  console.log(`ratio     ${name} / ${peer}: capture ${ratio("captures")}, place ${ratio("places")}`);
}
