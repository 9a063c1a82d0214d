// The five filters of PNG's rows (PNG, third edition, section 9), which leave of a byte what its neighbours do not tell.

/** Of left, above and the corner between them, the one nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Undoes a row's filter in place; false for a filter that does not exist. `distance` is a pixel's bytes, at least 1. */
export function unfilter(filter: number, line: Uint8Array, above: Uint8Array, distance: number): boolean {
  const length = line.length;
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = distance; i < length; i++) line[i] = (line[i] as number) + (line[i - distance] as number);
      return true;
    case 2:
      for (let i = 0; i < length; i++) line[i] = (line[i] as number) + (above[i] as number);
      return true;
    case 3:
      for (let i = 0; i < length; i++) {
        const left = i < distance ? 0 : (line[i - distance] as number);
        line[i] = (line[i] as number) + ((left + (above[i] as number)) >> 1);
      }
      return true;
    case 4:
      for (let i = 0; i < length; i++) {
        const left = i < distance ? 0 : (line[i - distance] as number);
        const corner = i < distance ? 0 : (above[i - distance] as number);
        line[i] = (line[i] as number) + paeth(left, above[i] as number, corner);
      }
      return true;
    default:
      return false;
  }
}

/**
 * Filters a row into `to`, the filter's number in front of it, by the one whose bytes have the smallest sum of absolute
 * values. `line` and the row above it begin with a pixel of zeros, `channels` bytes, which spares the filters the question
 * where a row begins.
 */
export function filterRow(line: Uint8Array, above: Uint8Array, channels: number, to: Uint8Array): void {
  const filter = bestFilter(line, above, channels);
  to[0] = filter;
  for (let i = 0, at = channels; at < line.length; i++, at++) {
    const value = line[at] as number;
    switch (filter) {
      case 0:
        to[i + 1] = value;
        break;
      case 1:
        to[i + 1] = value - (line[i] as number);
        break;
      case 2:
        to[i + 1] = value - (above[at] as number);
        break;
      case 3:
        to[i + 1] = value - (((line[i] as number) + (above[at] as number)) >> 1);
        break;
      default:
        to[i + 1] = value - paeth(line[i] as number, above[at] as number, above[i] as number);
    }
  }
}

function bestFilter(line: Uint8Array, above: Uint8Array, channels: number): number {
  let [none, sub, up, average, path] = [0, 0, 0, 0, 0];
  for (let i = 0, at = channels; at < line.length; i++, at++) {
    const value = line[at] as number;
    const left = line[i] as number;
    const high = above[at] as number;
    none += size(value);
    sub += size(value - left);
    up += size(value - high);
    average += size(value - ((left + high) >> 1));
    path += size(value - paeth(left, high, above[i] as number));
  }
  const sums = [none, sub, up, average, path];
  return sums.indexOf(Math.min(...sums));
}

/** The absolute value of a difference's lowest byte, read as a signed one. */
function size(difference: number): number {
  return Math.abs((difference << 24) >> 24);
}
