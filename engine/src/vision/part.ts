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

/** The result of a work, done in one go. */
export function finished<Result>(work: Generator<number, Result, void>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** How many numbers a simple loop looks at between two steps of a generator: some milliseconds of work. */
const stretch = 1 << 18;

/** Does `count` things, some at a time, and yields the share done in between. */
export function* inStretches(
  count: number,
  work: (start: number, end: number) => void,
  stride: number = stretch,
): Generator<number, void, void> {
  for (let start = 0; start < count; start += stride) {
    const end = Math.min(start + stride, count);
    work(start, end);
    if (end < count) yield end / count;
  }
}

/** Does `height` rows of `width` numbers one after the other, and yields the share done in between. */
export function* inRows(
  width: number,
  height: number,
  work: (y: number) => void,
  numbers: number = stretch,
): Generator<number, void, void> {
  const chunk = Math.max(1, Math.floor(numbers / width));
  for (let y = 0; y < height; y++) {
    work(y);
    if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
  }
}
