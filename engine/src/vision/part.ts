/** A work as a part of a larger one: what it yields, from 0 to 1, becomes `start` to `start + share`. */
export function* part<Result>(
  work: Generator<number, Result, void>,
  start: number,
  share: number,
): Generator<number, Result, void> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield start + share * step.value;
  }
}
