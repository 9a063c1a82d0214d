import type { Sink } from "./coverage.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";
import { type Pass, paint } from "./pass.ts";
import { Room } from "./room.ts";

/** How ids are painted. */
export interface IdOptions {
  /** The opacity from which a body hides; 0.5 without it. */
  readonly opaque?: number;
  /** Count a shape's line as part of its body, so that a shape without fill has an id too. False without it. */
  readonly lines?: boolean;
}

/** The foremost body of each pixel. */
export class IdPass implements Pass {
  readonly room: Room;
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly #lines: boolean;
  readonly #opaque: number;
  readonly #sink: IdSink;

  constructor(width: number, height: number, { opaque = 0.5, lines = false }: IdOptions) {
    this.room = new Room(width, height);
    this.ids = new Uint32Array(width * height);
    this.#lines = lines;
    this.#opaque = opaque;
    this.#sink = new IdSink(this.ids, this.room);
  }

  lineSink(shape: OutlinedShape, index: number): Sink | null {
    return this.#lines && shape.opacity >= this.#opaque ? this.#of(index) : null;
  }

  bodySink(shape: OutlinedShape, index: number): Sink | null {
    return shape.solidity >= this.#opaque ? this.#of(index) : null;
  }

  #of(index: number): Sink {
    this.#sink.id = index + 1;
    return this.#sink;
  }
}

/** Puts an id where at least half a pixel is covered and nothing was put before. */
class IdSink implements Sink {
  id = 0;
  readonly #ids: Uint32Array;
  readonly #room: Uint8Array;
  readonly #width: number;

  constructor(ids: Uint32Array, { data, width }: Room) {
    this.#ids = ids;
    this.#room = data;
    this.#width = width;
  }

  mixed(y: number, left: number, right: number, values: Uint8Array): void {
    const [ids, room, row] = [this.#ids, this.#room, y * this.#width];
    for (let x = left; x < right; x++) {
      if ((values[x] as number) < 128 || room[row + x] === 0) continue;
      ids[row + x] = this.id;
      room[row + x] = 0;
    }
  }

  solid(y: number, left: number, right: number, value: number): void {
    if (value < 128) return;
    const [ids, room, row] = [this.#ids, this.#room, y * this.#width];
    for (let at = row + left; at < row + right; at++) {
      if (room[at] === 0) continue;
      ids[at] = this.id;
      room[at] = 0;
    }
  }
}

/** For each pixel 1 + the index of the foremost shape with a body there, 0 for none; hard edges. Yields the share done. */
export function* paintIds(
  { width, height, shapes }: Outlined,
  options: IdOptions = {},
): Generator<number, Uint32Array<ArrayBuffer>, void> {
  const pass = new IdPass(width, height, options);
  yield* paint(shapes, pass, { left: 0, top: 0, right: width, bottom: height });
  return pass.ids;
}
