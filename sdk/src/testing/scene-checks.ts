import { drawScene, readScene } from "@underdraw/engine";
import type { Pixels, Rect, Scene, SceneShape } from "@underdraw/engine/core";
import { UnderdrawError } from "@underdraw/engine/core";
import { captured, check, type HostCheck, hold, holdBox, inWords, skip, withSelection } from "./check.ts";
import type { HostKit } from "./host-kit.ts";
import { confetti, quarters } from "./sample-picture.ts";

// What `scene` promises, for a host that has it. Pixels are not compared: an editor knows effects that no outline tells.
// What is asked is that outlines lie where the capture has something.

const noStructure = "This host knows no structure.";

export const sceneChecks: readonly HostCheck[] = [
  check("describes the structure of what is selected", async (kit) => {
    const { host } = kit;
    if (!host.scene) skip(noStructure);
    hold((await host.scene()) === null, "There is a scene though nothing is selected.");
    await withSelection(kit);
    const before = await kit.snapshot();
    await holdScene(kit);
    hold((await kit.snapshot()) === before, "The document is another after scene().");
    for (const box of [
      { x: 3, y: 5, width: 37, height: 23 },
      { x: 120, y: 90, width: 1, height: 50 },
    ]) {
      await kit.select(quarters(box.width, box.height), box);
      await holdScene(kit);
    }
    const { canvas } = kit;
    if (canvas) {
      await kit.select(confetti(40, 30), { x: canvas.width - 13, y: -11, width: 40, height: 30 });
      await holdScene(kit);
    }
    await kit.deselect();
    hold((await host.scene()) === null, "There is a scene though all was deselected.");
  }),
  check("gives the structure from back to front, without what is hidden", async (kit) => {
    const { host } = kit;
    if (!host.scene) skip(noStructure);
    const { selectAll, selectArea, hide } = kit;
    if (!selectAll && !selectArea) skip("The kit can select one thing alone.");
    const [left, right, low] = [
      { x: 10, y: 10, width: 60, height: 40 },
      { x: 50, y: 20, width: 80, height: 40 },
      { x: 20, y: 70, width: 60, height: 30 },
    ];
    await kit.select(confetti(60, 30, 3), low);
    if (hide) await hide.call(kit);
    await kit.select(confetti(60, 40, 1), left);
    await kit.select(confetti(80, 40, 2), right);
    const area = { x: 10, y: 10, width: 120, height: 90 };
    if (selectAll) await selectAll.call(kit);
    else await selectArea?.call(kit, area, full(area));
    const scene = await holdScene(kit, { covered: false });
    const places = scene.shapes.map((shape) => placeOf(shape, scene, [left, right, low])).filter((at) => at !== null);
    const order = places.filter((at, n) => at !== places[n - 1]);
    const found = order.map((at) => ["the left one", "the right one", "the hidden one"][at]).join(", ");
    if (hide) hold(!order.includes(2), `What is hidden is among the shapes: ${found}.`);
    const [first, second] = [order.indexOf(0), order.indexOf(1)];
    hold(first >= 0 && second >= 0, `Two pictures are selected, and the scene has of them: ${found || "none"}.`);
    hold(
      first < second && order.lastIndexOf(0) < second,
      `The left one lies behind the right one, and the shapes come as ${found}.`,
    );
  }),
];

/** Requires a sound scene of what is selected: as data, in the place of the capture, and over what the capture shows. */
async function holdScene(kit: HostKit, { covered = true } = {}): Promise<Scene> {
  const capture = await captured(kit, 1024);
  const scene = await sceneOf(kit);
  hold(scene !== null, "There is no scene though something is selected.");
  try {
    await readScene(scene);
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error));
  }
  holdBox(scene.bounds, capture.bounds, "The scene's bounds");
  hold(scene.shapes.length > 0, "The scene has no shapes.");
  for (const { id, name, path } of scene.shapes) {
    const isNamed = id !== "" && name.trim() !== "" && /^\s*[Mm]/.test(path);
    hold(isNamed, `A shape should have an id, a name and a path, and has ${inWords({ id, name, path })}.`);
  }
  if (covered) {
    const share = shareOf(drawnSolid(scene, scene.shapes), { ...scene.bounds, x: 0, y: 0 });
    const percent = Math.round(100 * share);
    hold(share > 0.97, `What is selected fills its bounds, and the scene's outlines cover ${percent} % of them.`);
  }
  return scene;
}

async function sceneOf({ host }: HostKit): Promise<Scene | null> {
  try {
    return (await host.scene?.()) ?? null;
  } catch (error) {
    const what = UnderdrawError.is(error) || error instanceof Error ? error.message : String(error);
    throw new Error(`scene() rejected though something is selected: ${what}.`);
  }
}

/** Which of some boxes a shape covers; null for one that covers none, as a background would. */
function placeOf(shape: SceneShape, scene: Scene, boxes: readonly Rect[]): number | null {
  const drawn = drawnSolid(scene, [shape]);
  const { bounds } = scene;
  const all = shareOf(drawn, { ...bounds, x: 0, y: 0 }) * bounds.width * bounds.height;
  for (const [at, box] of boxes.entries()) {
    const inside = { ...box, x: box.x - bounds.x, y: box.y - bounds.y };
    const share = shareOf(drawn, inside);
    const area = box.width * box.height;
    if (share > 0.9 && all < 1.2 * area) return at;
  }
  return null;
}

/** Shapes of a scene as areas, a pixel a unit. */
function drawnSolid({ bounds, groups = [] }: Scene, shapes: readonly SceneShape[]): Pixels {
  const solid = shapes.map(({ picture: _, ...shape }) => ({
    ...shape,
    kind: "path" as const,
    fill: "#000",
    opacity: 1,
  }));
  const whole = groups.map((group) => ({ ...group, opacity: 1 }));
  return drawScene({ width: bounds.width, height: bounds.height, scene: { bounds, shapes: solid, groups: whole } });
}

/** How much of a box is covered, from 0 to 1. */
function shareOf({ width, height, data }: Pixels, box: Rect): number {
  let count = 0;
  for (let y = Math.max(0, box.y); y < Math.min(height, box.y + box.height); y++)
    for (let x = Math.max(0, box.x); x < Math.min(width, box.x + box.width); x++)
      if ((data[4 * (y * width + x) + 3] ?? 0) >= 128) count++;
  return count / (box.width * box.height);
}

function full({ width, height }: Rect): Pixels {
  return { width, height, data: new Uint8ClampedArray(4 * width * height).fill(255) };
}
