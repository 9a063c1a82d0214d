import { captureChecks } from "./capture-checks.ts";
import type { HostCheck } from "./check.ts";
import type { HostKit } from "./host-kit.ts";
import { lifeChecks } from "./life-checks.ts";
import { placeChecks } from "./place-checks.ts";
import { sceneChecks } from "./scene-checks.ts";

// The contract of host adapters as checks that run: what `HostAdapter` promises in words is tried here on a real editor,
// a simulator or a proxy behind a port, in whatever test runner its author uses. It knows no editor: it draws, selects
// and looks through the kit that the author gives. A check that cannot be asked says so and is not counted as passed.

/** The checks that an adapter passes to be one of ours, each in a fresh document. Run each in the test runner you use. */
export const hostContract: readonly HostCheck[] = [...lifeChecks, ...captureChecks, ...placeChecks, ...sceneChecks];

/** How one check of the contract went. */
export interface HostReport {
  readonly name: string;
  readonly outcome: "passed" | "skipped" | "failed";
  /** Why it could not be asked, or what was found instead of what was promised. */
  readonly reason?: string;
  /** What a failed check threw. */
  readonly error?: unknown;
}

/** Runs the whole contract, one check after the other, and says how each went. Never rejects. */
export async function runHostContract(kit: HostKit): Promise<readonly HostReport[]> {
  const reports: HostReport[] = [];
  for (const { name, run } of hostContract) {
    try {
      const outcome = await run(kit);
      reports.push(outcome === "passed" ? { name, outcome } : { name, outcome: "skipped", reason: outcome.skipped });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reports.push({ name, outcome: "failed", reason, error });
    }
  }
  return reports;
}
