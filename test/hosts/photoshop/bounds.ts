/** A box in whole pixels; right and bottom lie outside it, as in Photoshop's own bounds. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A box by its corner and size. */
export const boxOf = (left: number, top: number, width: number, height: number): Bounds => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** How wide a box is; 0 or less for one that holds nothing. */
export const widthOf = ({ left, right }: Bounds): number => right - left;

/** How high a box is. */
export const heightOf = ({ top, bottom }: Bounds): number => bottom - top;

/** True for a box without a pixel. */
export const isEmpty = (box: Bounds): boolean => widthOf(box) <= 0 || heightOf(box) <= 0;

/** What lies in both; may be empty. */
export const meet = (a: Bounds, b: Bounds): Bounds => ({
  left: Math.max(a.left, b.left),
  top: Math.max(a.top, b.top),
  right: Math.min(a.right, b.right),
  bottom: Math.min(a.bottom, b.bottom),
});

/** The smallest box around both. */
export const join = (a: Bounds, b: Bounds): Bounds => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
});

/** The box grown by `by` on every side; shrunk by a negative number. */
export const grown = ({ left, top, right, bottom }: Bounds, by: number): Bounds => ({
  left: left - by,
  top: top - by,
  right: right + by,
  bottom: bottom + by,
});

/** The box in a picture that is 2^level times smaller, rounded outward. */
export const atLevel = ({ left, top, right, bottom }: Bounds, level: number): Bounds => {
  const step = 2 ** level;
  return {
    left: Math.floor(left / step),
    top: Math.floor(top / step),
    right: Math.ceil(right / step),
    bottom: Math.ceil(bottom / step),
  };
};
