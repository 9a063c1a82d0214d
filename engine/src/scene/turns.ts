/** A part of a longer work: its share from 0 to 1 becomes `from` to `to` of the whole. */
export function* within<Result>(
  work: Generator<number, Result, void>,
  from: number,
  to: number,
): Generator<number, Result, void> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield from + (to - from) * step.value;
  }
}

/** A part of a longer work that does not tell how far it is: the whole stands at `share` meanwhile. */
export function* standing<Result>(work: Generator<void, Result, void>, share: number): Generator<number, Result, void> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield share;
  }
}
