// When a frame may begin, and when one that is being drawn may be given up for a newer one: arithmetic on times, in
// milliseconds. Two rules keep frames coming however fast the edits come: what was begun in the place of something that
// was given up is not given up itself, and nothing is that is half done. So a steady stream of edits gives a frame in at
// most one and a half times what a frame takes.

/** When frames that take long wait for the hand to rest. Milliseconds; the numbers of Krita's AI plugin without them. */
export interface LivePause {
  /** How long no edit must have come before a slow frame begins; 250 without it. */
  readonly quiet?: number;
  /** After how much continuous editing a slow frame begins nevertheless; 3000 without it. */
  readonly longest?: number;
  /** From which mean of the last ten frames on they are slow; 1500 without it. Faster ones never wait. */
  readonly slow?: number;
}

/** A frame that is being drawn, as far as its pace goes. */
export interface Pacing {
  /** How much of it is done, 0 to 1. */
  readonly fraction: number;
  /** Whether it took the place of one that was given up. */
  readonly tookPlace: boolean;
}

/** How many frames the mean is of. */
const REMEMBERED = 10;

/** The share from which on a frame is drawn to its end. */
const NEARLY_DONE = 0.5;

/** Whether a frame may be given up for a newer one. */
export const mayGiveUp = ({ fraction, tookPlace }: Pacing): boolean => !tookPlace && fraction < NEARLY_DONE;

/** How long frames took of late, and how long the next one waits for that. */
export class LivePace {
  readonly #pause: Required<LivePause>;
  #took: readonly number[] = [];

  /** Throws a RangeError for what is no time. */
  constructor({ quiet = 250, longest = 3000, slow = 1500 }: LivePause = {}) {
    for (const [name, value] of Object.entries({ quiet, longest, slow }))
      if (!(value >= 0)) throw new RangeError(`pause.${name} is ${value}; give milliseconds from 0 on.`);
    this.#pause = { quiet, longest, slow };
  }

  /** A frame was drawn, in so many milliseconds. */
  took(milliseconds: number): void {
    this.#took = [...this.#took, milliseconds].slice(-REMEMBERED);
  }

  /** How long a frame waits at `now`, when the last edit was at `edited` and the first that is not seen yet at `since`. */
  wait(now: number, { edited, since }: { readonly edited: number; readonly since: number }): number {
    const { quiet, longest, slow } = this.#pause;
    const mean = this.#took.reduce((sum, one) => sum + one, 0) / Math.max(1, this.#took.length);
    return mean > slow ? Math.max(0, Math.min(edited + quiet, since + longest) - now) : 0;
  }
}
