import type { ConditionMap, ExtractedMap, Warning } from "@underdraw/engine";

/** What a condition had to say of the map that it drew; nothing for a map that comes from elsewhere. */
export function notesOf(map: ConditionMap): readonly Warning[] {
  const { warnings = [] }: ExtractedMap = map;
  return warnings;
}
