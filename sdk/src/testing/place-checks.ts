import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";
import type { NewLayer } from "../host/adapter.ts";
import { masked } from "../session/mask.ts";
import {
  anchorOf,
  captured,
  check,
  type HostCheck,
  hold,
  holdBox,
  holdCode,
  holdPixels,
  inWords,
  layerOf,
  pause,
  refusal,
  skip,
  withSelection,
} from "./check.ts";
import type { HostKit } from "./host-kit.ts";
import { confetti, glass, leftMask, quarters, round } from "./sample-picture.ts";

/** What `place` promises. */
export const placeChecks: readonly HostCheck[] = [
  check("places a layer exactly where it was captured, at any odd size", async (kit) => {
    const boxes = [
      { x: 5, y: 3, width: 51, height: 37 },
      { x: 17, y: 19, width: 1, height: 1 },
      { x: 2, y: 40, width: 1, height: 33 },
    ];
    for (const box of boxes) {
      await kit.select(quarters(box.width, box.height), box);
      const capture = await captured(kit);
      const picture = confetti(box.width, box.height, 7);
      const id = await placed(kit, layerOf(picture, capture.bounds, anchorOf(capture)));
      const kept = await kit.layer(id);
      holdBox(kept.bounds, box, "The placed layer");
      holdPixels(kept.pixels, picture, "The placed layer");
    }
  }),
  check("keeps straight alpha byte for byte", async (kit) => {
    const box = { x: 9, y: 6, width: 47, height: 35 };
    const picture = glass(box.width, box.height);
    const id = await placed(kit, layerOf(picture, box));
    holdPixels((await kit.layer(id)).pixels, picture, "The placed layer");
  }),
  check("scales a layer to its bounds", async (kit) => {
    if (kit.host.exactSize) skip("This host wants layers in the size of their bounds.");
    const box = { x: 9, y: 6, width: 120, height: 80 };
    const id = await placed(kit, layerOf(quarters(30, 20), box));
    holdBox((await kit.layer(id)).bounds, box, "The placed layer");
  }),
  check("places several layers in their order, on top without an anchor", async (kit) => {
    await withSelection(kit);
    await withSelection(kit, 2);
    const before = await kit.layers();
    const ids = await kit.host.place(
      "Contract",
      [1, 2, 3].map((seed) => layerOf(confetti(20, 20, seed), at(seed))),
    );
    hold(ids.length === 3, `place() of 3 layers gave ${ids.length} ids.`);
    holdOrder(await kit.layers(), [...before, ...ids]);
  }),
  check("places on its anchor although the selection has changed since", async (kit) => {
    const capture = await withSelection(kit);
    if (capture.anchor === undefined) skip("This host gives no anchor.");
    const below = await kit.layers();
    await kit.select(confetti(30, 30, 2), { x: 70, y: 60, width: 30, height: 30 });
    const above = (await kit.layers()).filter((id) => !below.includes(id));
    const ids = await kit.host.place("Contract", [
      layerOf(confetti(53, 41, 8), capture.bounds, anchorOf(capture)),
      layerOf(confetti(53, 41, 9), capture.bounds, anchorOf(capture)),
    ]);
    holdOrder(await kit.layers(), [...below, ...ids, ...above]);
    holdBox((await kit.layer(ids[0] ?? "")).bounds, capture.bounds, "The placed layer");
  }),
  check("is one step of undo, which restores every byte; redo brings it back", async (kit) => {
    const capture = await withSelection(kit);
    const before = await kit.snapshot();
    const two = [1, 2].map((seed) => layerOf(glass(53, 41, seed), capture.bounds, anchorOf(capture)));
    const ids = await kit.host.place("Contract", two);
    const after = await kit.snapshot();
    hold(after !== before, "The document is the same after place().");
    await kit.undo();
    hold((await kit.snapshot()) === before, "One undo does not restore the document as it was before place().");
    await kit.redo();
    hold((await kit.snapshot()) === after, "Redo does not bring the placed layers back as they were.");
    const layers = await kit.layers();
    hold(
      ids.every((id) => layers.includes(id)),
      "After redo the layers have other ids.",
    );
  }),
  check("gives an id of its own for each layer", async (kit) => {
    await withSelection(kit);
    const one = await kit.host.place(
      "Contract",
      [1, 2].map((seed) => layerOf(confetti(20, 20, seed), at(seed))),
    );
    const other = await kit.host.place("Contract", [layerOf(confetti(20, 20), at(3))]);
    const ids = [...one, ...other];
    hold(
      ids.every((id) => typeof id === "string" && id !== ""),
      `Ids should be texts, and are ${inWords(ids)}.`,
    );
    hold(new Set(ids).size === 3, `Three layers should have three ids, and have ${inWords(ids)}.`);
    const layers = await kit.layers();
    for (const id of ids) hold(layers.includes(id), `The document has no layer with the id ${inWords(id)}.`);
  }),
  check("shows of a layer what its mask shows", async (kit) => {
    if (!kit.host.layerMasks) skip("Layers of this editor have no masks.");
    const box = { x: 9, y: 6, width: 46, height: 30 };
    const picture = confetti(box.width, box.height);
    for (const mask of [leftMask(box.width, box.height), round(box.width, box.height)]) {
      const { pixels } = await kit.layer(await placed(kit, layerOf(picture, box, { mask })));
      holdPixels(pixels, masked(picture, mask), "The masked layer");
    }
  }),
  check("leaves every pixel outside bounds and mask as it was", async (kit) => {
    if (!kit.render) skip("The kit cannot look at the whole document.");
    const area = { x: 0, y: 0, width: 120, height: 90 };
    await kit.select(confetti(area.width, area.height, 3), area);
    const before = await kit.render(area);
    const box = { x: 21, y: 13, width: 46, height: 30 };
    const [picture, mask] = [confetti(box.width, box.height, 5), leftMask(box.width, box.height)];
    await placed(kit, kit.host.layerMasks ? layerOf(picture, box, { mask }) : layerOf(masked(picture, mask), box));
    const wanted: Pixels = { ...area, data: new Uint8ClampedArray(before.data) };
    for (let y = 0; y < box.height; y++)
      for (let x = 0; 2 * x < box.width; x++) {
        const from = 4 * (y * box.width + x);
        wanted.data.set(picture.data.subarray(from, from + 4), 4 * ((y + box.y) * area.width + x + box.x));
      }
    holdPixels(await kit.render(area), wanted, "The document");
  }),
  check("refuses what is no layer, and places nothing", async (kit) => {
    const { bounds } = await withSelection(kit);
    const before = await kit.snapshot();
    const sound = layerOf(confetti(20, 20), { ...bounds, width: 20, height: 20 });
    const cut: Pixels = { width: 20, height: 20, data: new Uint8ClampedArray(20) };
    const unsound: [string, NewLayer][] = [
      ["too few bytes", { ...sound, pixels: cut }],
      ["no pixels", { ...sound, pixels: createPixels(0, 0) }],
      ["bounds that are no numbers", { ...sound, bounds: { ...bounds, x: Number.NaN } }],
      ["bounds without an area", { ...sound, bounds: { ...bounds, width: 0 } }],
    ];
    if (kit.host.layerMasks) unsound.push(["a mask of another size", { ...sound, mask: createPixels(3, 3) }]);
    for (const [what, layer] of unsound) {
      await refusal(() => kit.host.place("Contract", [sound, layer]), `place() of a layer with ${what}`);
      hold((await kit.snapshot()) === before, `The document is another after a layer with ${what} was refused.`);
    }
  }),
  check("places nothing when the document is gone", async (kit) => {
    if (!kit.leave) skip("The kit cannot close a document.");
    const capture = await withSelection(kit);
    if (capture.anchor === undefined) skip("This host gives no anchor.");
    await kit.leave();
    const before = await kit.snapshot();
    const layer = layerOf(confetti(53, 41), capture.bounds, anchorOf(capture));
    const error = await refusal(() => kit.host.place("Contract", [layer]), "place() over a document that is closed");
    holdCode(error, "document-changed", "place() over a document that is closed");
    hold((await kit.snapshot()) === before, "Something was placed in another document.");
  }),
  check("refuses an anchor that it never gave, or places on top", async (kit) => {
    const capture = await withSelection(kit);
    if (capture.anchor === undefined) skip("This host gives no anchor.");
    const before = await kit.snapshot();
    const layers = await kit.layers();
    for (const anchor of ["", "{", '{"__proto__":{"x":1}}', "[]", "null", "x".repeat(60_000)]) {
      const layer = layerOf(confetti(20, 20), at(1), { anchor });
      const ids = await kit.host.place("Contract", [layer]).catch(() => null);
      if (ids) {
        holdOrder(await kit.layers(), [...layers, ...ids]);
        await kit.undo();
      }
      hold((await kit.snapshot()) === before, `The anchor ${inWords(anchor)} left something in the document.`);
    }
  }),
  check("leaves nothing half done when it is stopped", async (kit) => {
    const capture = await withSelection(kit);
    const before = await kit.snapshot();
    const layers = await kit.layers();
    const two = [1, 2].map((seed) => layerOf(confetti(53, 41, seed), capture.bounds, anchorOf(capture)));
    for (const delay of [null, 0, 1]) {
      const stopping = new AbortController();
      if (delay === null) stopping.abort();
      const placing = kit.host.place("Contract", two, { signal: stopping.signal }).catch(() => null);
      if (delay !== null) await pause(delay);
      stopping.abort();
      await placing;
      await pause(50); // a far end may finish what the near end waits for no more
      const count = (await kit.layers()).length - layers.length;
      if (count > 0) {
        hold(count >= 2, `A stopped place() of two layers left ${count}.`);
        await kit.undo();
      }
      hold((await kit.snapshot()) === before, "A stopped place() left something that one undo does not take away.");
    }
    await placed(kit, layerOf(confetti(20, 20), at(1)));
  }),
];

/** Places one layer and gives its id. */
async function placed(kit: HostKit, layer: NewLayer): Promise<string> {
  const [id, ...others] = await kit.host.place("Contract", [layer]);
  hold(typeof id === "string" && others.length === 0, "place() of one layer should give one id.");
  return id;
}

/** Another box for each number. */
const at = (number: number): Rect => ({ x: 10 * number, y: 5 * number, width: 20, height: 20 });

/** Requires layers to lie in an order; others (a group, a folder) may lie between them. */
function holdOrder(layers: readonly string[], wanted: readonly string[]): void {
  const found = layers.filter((id) => wanted.includes(id));
  hold(found.join() === wanted.join(), `From below, layers should be ${inWords(wanted)}, and are ${inWords(found)}.`);
}
