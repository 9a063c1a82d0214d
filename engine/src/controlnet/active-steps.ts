/**
 * Which steps of a run a control acts in: step i of N if `i / N >= start` and `(i + 1) / N <= end`, with the same
 * float64 divisions as diffusers. N counts the steps that are run, so after `strength` has cut the schedule. All false
 * is possible (one step with 0 to 0.8) and equals weight 0: say so to the person.
 */
export function activeSteps([start, end]: readonly [start: number, end: number], steps: number): readonly boolean[] {
  return Array.from({ length: steps }, (_, i) => i / steps >= start && (i + 1) / steps <= end);
}
