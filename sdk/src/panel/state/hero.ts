import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Pixels } from "@underdraw/engine/core";
import type { Control } from "./control.ts";
import type { Result } from "./result-list.ts";
import type { Source } from "./source.ts";

/** What the picture shows: what is drawn after, its map, the result, or map and result under a divider. */
export type View = "source" | "map" | "compare" | "result";

/** The picture at the top of the panel. */
export interface Hero {
  /** What a person asked to see. */
  readonly asked: Signal<View>;
  /** What of it there is to see; null where there is nothing at all. */
  readonly view: ReadonlySignal<View | null>;
  /** The views that there is something to see in. */
  readonly views: ReadonlySignal<readonly View[]>;
  /** How much of the picture is map while comparing, from 0 to 1. */
  readonly divider: Signal<number>;
  readonly source: ReadonlySignal<Pixels | null>;
  readonly map: ReadonlySignal<Pixels | null>;
  readonly result: ReadonlySignal<Pixels | null>;
}

/** Joins what is drawn after, the controls' maps and the chosen result to one picture. */
export function createHero(
  source: Signal<Source | null>,
  controls: Signal<readonly Control[]>,
  chosen: ReadonlySignal<Result | null>,
): Hero {
  const asked = signal<View>("map");
  const pixels = computed(() => {
    const shown = source.value;
    // The place of a recipe's layer holds no picture of its own.
    if (shown?.kind === "recipe") return null;
    return shown?.capture.pixels ?? chosen.value?.capture.pixels ?? null;
  });
  const live = computed(() => {
    const seen = controls.value.filter((control) => control.on.value && control.map.value);
    return (seen.findLast((control) => control.open.value) ?? seen[0])?.map.value?.pixels ?? null;
  });
  const ofResult = computed(() => chosen.value?.drawn.request.controls[0]?.map.pixels ?? null);
  // A result is compared with the map that it was drawn from.
  const map = computed(() => {
    const comparing = asked.value === "compare" || asked.value === "result";
    return comparing ? (ofResult.value ?? live.value) : (live.value ?? (source.value ? null : ofResult.value));
  });
  const result = computed(() => chosen.value?.drawn.result.pixels ?? null);
  const views = computed(() => {
    const [hasMap, hasResult] = [map.value !== null || live.value !== null, result.value !== null];
    const all: readonly [View, boolean][] = [
      ["source", pixels.value !== null],
      ["map", hasMap],
      ["compare", ofResult.value !== null && hasResult],
      ["result", hasResult],
    ];
    return all.filter(([, there]) => there).map(([view]) => view);
  });
  const view = computed(() => {
    const there = views.value;
    if (there.includes(asked.value)) return asked.value;
    if (asked.value === "compare" && there.includes("result")) return "result";
    return there.includes("source") ? "source" : (there[0] ?? null);
  });
  return { asked, view, views, divider: signal(0.5), source: pixels, map, result };
}
