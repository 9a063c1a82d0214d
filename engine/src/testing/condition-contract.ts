import type { ConditionKind } from "../conditions/condition.ts";
import type { ConditionCheck, ConditionKit } from "./condition-check.ts";
import { lifeChecks } from "./life-checks.ts";
import { mapChecks } from "./map-checks.ts";
import { optionChecks } from "./option-checks.ts";

// The contract of conditions as checks that run: what `defineCondition` asks of a recipe in words is tried here on the
// recipe itself, in whatever test runner its author uses. It knows no condition: it reads what the condition says of
// itself, and makes sources of the kind that it reads. A check that cannot be asked says so and is not counted as passed.
//
//   for (const { name, run } of conditionContract)
//     test(name, async (context) => {
//       const outcome = await run(mine);
//       if (outcome !== "passed") context.skip(outcome.skipped);
//     });

/** The checks that a condition passes to be worth as much as a built-in one. Run each in the test runner you use. */
export const conditionContract: readonly ConditionCheck[] = [...optionChecks, ...mapChecks, ...lifeChecks];

/** How one check of the contract went. */
export interface ConditionReport {
  readonly name: string;
  readonly outcome: "passed" | "skipped" | "failed";
  /** Why it could not be asked, or what was found instead of what was promised. */
  readonly reason?: string;
  /** What a failed check threw. */
  readonly error?: unknown;
}

/** Runs the whole contract, one check after the other, and says how each went. Never rejects. */
export async function runConditionContract(
  kind: ConditionKind,
  kit: ConditionKit = {},
): Promise<readonly ConditionReport[]> {
  const reports: ConditionReport[] = [];
  for (const { name, run } of conditionContract) {
    try {
      const outcome = await run(kind, kit);
      reports.push(outcome === "passed" ? { name, outcome } : { name, outcome: "skipped", reason: outcome.skipped });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reports.push({ name, outcome: "failed", reason, error });
    }
  }
  return reports;
}
