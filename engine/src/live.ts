import type { Progress } from "./call.ts";
import type { LivePause } from "./live-pace.ts";
import type { LiveSettings } from "./live-request.ts";
import type { GenerateOptions, GenerateRequest, GenerateResult } from "./request.ts";

// Pictures that follow a person's hand: a host says what is to be drawn each time that it changes, and frames come back.
// One generation runs and one waits, the newest; what is asked twice is drawn once. It knows no editor, no gesture but
// "the pointer is down", and no model: the pipeline is given and stays its owner's.

/** A picture that was drawn. */
export interface LiveFrame {
  /** The frame's number, from 1 on; numbers of frames that did not come are left out. */
  readonly number: number;
  /** What was asked, with the session's seed where it gave none. */
  readonly request: GenerateRequest;
  /** What was drawn for it: see `liveRequest`. */
  readonly drawn: GenerateRequest;
  readonly result: GenerateResult;
  /** Whether nothing newer was asked meanwhile. */
  readonly current: boolean;
  /** How long it took. */
  readonly milliseconds: number;
}

/** How a frame ended: drawn, given up for a newer one, stopped by `stop`, or failed. */
export type LiveEnd = "drawn" | "replaced" | "stopped" | "failed";

/** How frames are drawn, and who hears of them. What a listener throws is reported and stops nothing. */
export interface LiveOptions extends Pick<GenerateOptions, "reuse" | "influence"> {
  /** How requests are made quick; null draws them as they are. */
  readonly settings?: LiveSettings | null;
  /** When slow frames wait for the hand to rest. */
  readonly pause?: LivePause;
  /** Whether each frame's fidelity is measured; false without it. */
  readonly measure?: boolean;
  /** A frame begins. Each has one start, then its progress, a frame or an error, and one finish. */
  readonly onStart?: (frame: Pick<LiveFrame, "number" | "request">) => void;
  /** Hears where the frame that is being drawn stands. */
  readonly onProgress?: (progress: Progress) => void;
  /** Gets each frame that was drawn, in the order in which they were asked for. */
  readonly onFrame: (frame: LiveFrame) => void;
  /** A frame ended. None comes after `stop` has returned. */
  readonly onFinish?: (frame: { readonly number: number; readonly end: LiveEnd }) => void;
  /** A request that cannot be drawn, or a frame that failed: reported without a listener. The next update tries again. */
  readonly onError?: (error: unknown) => void;
}

/** Pictures that follow a person's hand. */
export interface LiveDrawing extends AsyncDisposable {
  /** The seed of all requests that give none. */
  readonly seed: bigint;
  /**
   * Says what is to be drawn now. The same as before does nothing; something new takes the place of what waits, and of
   * what runs where that is less than half done. The request is copied. Throws `disposed` after `dispose`.
   */
  update(request: GenerateRequest): void;
  /** The pointer is down: nothing begins until `release`. What runs is drawn to its end. */
  hold(): void;
  /** The pointer is up. */
  release(): void;
  /** Stops what runs and forgets what waits; no listener is called after it. The next update begins again. */
  stop(): void;
  /** Resolves when nothing runs and nothing waits. */
  readonly idle: Promise<void>;
  /** Stops for good, and resolves when nothing runs. The pipeline stays as it is. May be called twice. */
  dispose(): Promise<void>;
}
