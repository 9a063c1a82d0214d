import {
  anchorOf,
  captured,
  check,
  type HostCheck,
  hold,
  holdBox,
  inWords,
  layerOf,
  pause,
  skip,
  until,
  withSelection,
} from "./check.ts";
import type { HostKit } from "./host-kit.ts";
import { confetti, quarters } from "./sample-picture.ts";

const noRecipes = "This host reads no recipes back.";
const box = { x: 12, y: 9, width: 20, height: 20 };

/** What the optional methods promise, for a host that has them, and what holds for every host as a whole. */
export const lifeChecks: readonly HostCheck[] = [
  check("is of version 1, has a name, and only methods for what it can do", async ({ host }) => {
    hold(host.version === 1, `version should be 1, and is ${inWords(host.version)}.`);
    hold(typeof host.name === "string" && host.name !== "", `name should be a text, and is ${inWords(host.name)}.`);
    const methods = { "selection-events": host.onSelectionChange, scene: host.scene, recipe: host.recipe } as const;
    for (const [ability, method] of Object.entries(methods))
      hold(method === undefined || typeof method === "function", `What does "${ability}" is no function.`);
    const can = Object.keys(methods).filter((name) => methods[name as keyof typeof methods] !== undefined);
    // A connected host also says its abilities.
    const said = "abilities" in host ? host.abilities : can;
    hold(Array.isArray(said), `abilities should be a list, and is ${inWords(said)}.`);
    hold(
      [...said].sort().join() === [...can].sort().join(),
      `It says that it can ${inWords(said)}, and has methods for ${inWords(can)}.`,
    );
  }),
  check("gives recipes back as they were, long ones and in any script", async (kit) => {
    const { host } = kit;
    if (!host.recipe) skip(noRecipes);
    const recipes = [
      '{"prompt":"a fox"}',
      "여우 \u{1F98A} 𝒻ox \u2028 \"quoted\" \\ </script> '$&'",
      JSON.stringify({ map: Array.from({ length: 20_000 }, (_, at) => `${at * 7919}`.padStart(10, "여")).join("") }),
    ];
    const layers = recipes.map((recipe, seed) => layerOf(confetti(20, 20, seed), box, { recipe }));
    const ids = await host.place("Contract", layers);
    for (const [at, recipe] of recipes.entries()) {
      const found = await host.recipe(ids[at] ?? "");
      hold(
        found === recipe,
        `A recipe of ${recipe.length} characters came back as ${found === null ? "null" : `${found.length} others`}: ${inWords(found)}.`,
      );
    }
  }),
  check("takes recipes away by undo and brings them back by redo", async (kit) => {
    const { host } = kit;
    if (!host.recipe) skip(noRecipes);
    await withSelection(kit);
    const [id = ""] = await host.place("Contract", [layerOf(confetti(20, 20), box, { recipe: "a recipe" })]);
    await kit.undo();
    hold((await host.recipe(id)) === null, "A layer that was undone still has a recipe.");
    await kit.redo();
    hold((await host.recipe(id)) === "a recipe", "A layer that was redone has lost its recipe.");
  }),
  check("has no recipe for a layer that is not there or has none", async (kit) => {
    const { host } = kit;
    if (!host.recipe) skip(noRecipes);
    await withSelection(kit);
    const [drawn] = await kit.layers();
    const [plain] = await host.place("Contract", [layerOf(confetti(20, 20), box)]);
    for (const id of [drawn, plain, "no such layer", "", "__proto__", "constructor"]) {
      const found = await host.recipe(id ?? "");
      hold(found === null, `recipe(${inWords(id)}) should be null, and is ${inWords(found)}.`);
    }
  }),
  check("says when what is selected is a layer of ours", async (kit) => {
    const { host } = kit;
    if (!host.recipe) skip(noRecipes);
    if (!kit.choose) skip("The kit cannot select a layer by its id.");
    const other = await withSelection(kit);
    hold(other.layer === undefined, `A drawn thing is said to be our layer ${inWords(other.layer)}.`);
    const [id = ""] = await host.place("Contract", [layerOf(confetti(20, 20), box, { recipe: "a recipe" })]);
    await kit.choose(id);
    const capture = await captured(kit);
    hold(
      capture.layer === id,
      `The capture should name the layer ${inWords(id)}, and names ${inWords(capture.layer)}.`,
    );
    const [again = ""] = await host.place("Contract", [layerOf(confetti(20, 20, 2), box, anchorOf(capture))]);
    const layers = await kit.layers();
    hold(layers.indexOf(again) > layers.indexOf(id), "A layer placed over one of ours lies below it.");
  }),
  check("tells of a changed selection after it has changed", async (kit) => {
    if (!kit.host.onSelectionChange) skip("This host tells of no selections.");
    let heard = 0;
    let alsoHeard = 0;
    const stop = kit.host.onSelectionChange(() => heard++);
    const stopOther = kit.host.onSelectionChange(() => alsoHeard++);
    try {
      await kit.select(quarters(20, 20), box);
      hold(await until(() => heard > 0 && alsoHeard > 0, patience(kit)), "Nobody told of something selected.");
      holdBox((await captured(kit)).bounds, box, "What is captured after the event");
      await quiet(kit, () => heard);
      const before = heard;
      await kit.deselect();
      hold(await until(() => heard > before, patience(kit)), "Nobody told that all was deselected.");
      hold((await kit.host.capture({ maxSide: 20 })) === null, "Something is selected after the event.");
    } finally {
      stop();
      stopOther();
    }
  }),
  check("tells nothing to those who listen no more, and goes on telling others", async (kit) => {
    if (!kit.host.onSelectionChange) skip("This host tells of no selections.");
    let heard = 0;
    let others = 0;
    const stop = kit.host.onSelectionChange(() => heard++);
    const stopOther = kit.host.onSelectionChange(() => others++);
    stop();
    stop(); // twice is as once
    await kit.select(quarters(20, 20), box);
    const told = await until(() => others > 0, patience(kit));
    stopOther();
    hold(told, "One listener left, and another hears nothing any more.");
    hold(heard === 0, "A listener that had left was told.");
    await quiet(kit, () => others);
    const before = others;
    await kit.deselect();
    await quiet(kit, () => others);
    hold(others === before, "The last listener left, and was told all the same.");
  }),
];

const patience = ({ patienceMs = 1000 }: HostKit): number => patienceMs;

/** Waits until a count rests: editors may tell of one change more than once. */
async function quiet(kit: HostKit, count: () => number): Promise<void> {
  for (let last = -1; last !== count(); ) {
    last = count();
    await pause(Math.min(100, patience(kit) / 4));
  }
}
