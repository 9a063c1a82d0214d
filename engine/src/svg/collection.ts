import type { SceneGroup, SceneShape } from "../core/scene.ts";
import type { Names, OpenGroup, Sink } from "./place.ts";

// Shapes and groups as a scene holds them, each with an id of its own.

/** Gives each element an id of its own: the one that it has, with a number where `use` repeats it. */
export function createNames(): Names {
  const taken = new Map<string, number>();
  return (wanted) => {
    let id = wanted;
    let count = taken.get(wanted) ?? 0;
    while (taken.has(id)) id = `${wanted}~${++count}`;
    taken.set(wanted, count);
    if (id !== wanted) taken.set(id, 0);
    return id;
  };
}

/** Collects shapes, and the groups that they lie in, each group after the one that it lies in. */
export function collect(shapes: SceneShape[], groups: SceneGroup[]): Sink {
  const written = new Set<OpenGroup>();
  const write = (group: OpenGroup): void => {
    const waiting: OpenGroup[] = [];
    for (let one: OpenGroup | null = group; one && !written.has(one); one = one.outer) waiting.push(one);
    for (const one of waiting.reverse()) {
      written.add(one);
      groups.push({
        id: one.id,
        name: one.name,
        ...(one.outer ? { group: one.outer.id } : {}),
        ...(one.opacity === 1 ? {} : { opacity: one.opacity }),
        ...(one.clips.length > 0 ? { clips: one.clips } : {}),
      });
    }
  };
  return (shape, group) => {
    if (group) write(group);
    shapes.push(group ? { ...shape, group: group.id } : shape);
  };
}
