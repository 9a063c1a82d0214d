import { brush, type Canvas } from "./canvas.ts";
import { paintPolygon } from "./polygon.ts";

/** The sines of 0 to 90 degrees in steps of 1e-7: OpenCV's ellipses are made with seven digits. */
const sines: readonly number[] = [
  0, 174_524, 348_995, 523_360, 697_565, 871_557, 1_045_285, 1_218_693, 1_391_731, 1_564_345, 1_736_482, 1_908_090,
  2_079_117, 2_249_511, 2_419_219, 2_588_190, 2_756_374, 2_923_717, 3_090_170, 3_255_682, 3_420_201, 3_583_679,
  3_746_066, 3_907_311, 4_067_366, 4_226_183, 4_383_711, 4_539_905, 4_694_716, 4_848_096, 5_000_000, 5_150_381,
  5_299_193, 5_446_390, 5_591_929, 5_735_764, 5_877_853, 6_018_150, 6_156_615, 6_293_204, 6_427_876, 6_560_590,
  6_691_306, 6_819_984, 6_946_584, 7_071_068, 7_193_398, 7_313_537, 7_431_448, 7_547_096, 7_660_444, 7_771_460,
  7_880_108, 7_986_355, 8_090_170, 8_191_520, 8_290_376, 8_386_706, 8_480_481, 8_571_673, 8_660_254, 8_746_197,
  8_829_476, 8_910_065, 8_987_940, 9_063_078, 9_135_455, 9_205_049, 9_271_839, 9_335_804, 9_396_926, 9_455_186,
  9_510_565, 9_563_048, 9_612_617, 9_659_258, 9_702_957, 9_743_701, 9_781_476, 9_816_272, 9_848_078, 9_876_883,
  9_902_681, 9_925_462, 9_945_219, 9_961_947, 9_975_641, 9_986_295, 9_993_908, 9_998_477, 10_000_000,
];

/** The sine of a whole angle in degrees, from 0 to 450, in the precision that OpenCV's table has. */
function sine(degrees: number): number {
  const turn = degrees % 360;
  const half = turn % 180;
  const size = Math.fround((sines[half <= 90 ? half : 180 - half] as number) / 1e7);
  return turn < 180 ? size : -size;
}

/** Sine and cosine of every whole degree of a turn, made once. */
let circle: { readonly sines: Float64Array; readonly cosines: Float64Array } | null = null;

function wholeDegrees() {
  circle ??= {
    sines: Float64Array.from({ length: 361 }, (_, degrees) => sine(degrees)),
    cosines: Float64Array.from({ length: 361 }, (_, degrees) => sine(450 - degrees)),
  };
  return circle;
}

/**
 * Fills the ellipse between two joints as the pose annotators do with OpenCV's `ellipse2Poly` and `fillConvexPoly`: its
 * centre, half length and angle cut to whole numbers, its outline a corner a degree, on whole pixels.
 */
export function fillLimb(
  canvas: Canvas,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  halfWidth: number,
  colour: number,
): void {
  const [across, down] = [from.x - to.x, from.y - to.y];
  const x = Math.trunc((from.x + to.x) / 2);
  const y = Math.trunc((from.y + to.y) / 2);
  const half = Math.trunc(Math.sqrt(across * across + down * down) / 2);
  // Engines may differ in the last bit of an arc tangent; it decides at whole degrees alone, and those that joints on
  // whole pixels can make are multiples of 45, which every engine knows exactly.
  const degrees = Math.trunc(Math.atan2(down, across) * (180 / Math.PI));
  const { sines, cosines } = wholeDegrees();
  const turn = degrees < 0 ? degrees + 360 : degrees;
  const [cosine, sine] = [cosines[turn] as number, sines[turn] as number];
  const corners = new Float64Array(2 * 361);
  let count = 0;
  for (let at = 0; at <= 360; at++) {
    const along = half * (cosines[at] as number);
    const aside = halfWidth * (sines[at] as number);
    const cornerX = nearestEven(x + along * cosine - aside * sine);
    const cornerY = nearestEven(y + along * sine + aside * cosine);
    if (count > 0 && corners[count - 2] === cornerX && corners[count - 1] === cornerY) continue;
    corners[count++] = cornerX;
    corners[count++] = cornerY;
  }
  paintPolygon(canvas.width, canvas.height, corners.subarray(0, count), brush(canvas, colour));
}

/** Rounds, halves to the even neighbour. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
