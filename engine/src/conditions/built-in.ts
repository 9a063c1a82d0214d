import { canny } from "./canny.ts";
import type { ConditionKind } from "./condition.ts";

/** The conditions that come with the engine, for menus and command lines. */
export const builtInConditions: readonly ConditionKind[] = [canny];
