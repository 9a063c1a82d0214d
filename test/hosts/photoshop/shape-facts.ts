import type { Part } from "./reference.ts";
import type { FillContent, Rgb, StrokeStyle } from "./shape.ts";
import { type Knot, type PathPart, placesOf } from "./vector.ts";

// What `get` answers of shapes, fills and texts, as public plug-ins and recordings of commands show it. Recalled, and for a
// real Photoshop to settle: that lengths of paths come in "distanceUnit" (72 to the inch), that dashes are multiples of
// the width, and which words a version uses ("interfaceIconFrameDimmed" for "intersect" is one).

const colorOf = ([red, grain, blue]: Rgb): Part => ({ _obj: "RGBColor", red, grain, blue });
const enumOf = (kind: string, value: string): Part => ({ _enum: kind, _value: value });

const operations = { add: "add", subtract: "subtract", intersect: "interfaceIconFrameDimmed", xor: "xor" } as const;

/** A path as the answer to a question for a layer's vector mask. */
export function pathFacts(parts: readonly PathPart[], resolution: number): Part {
  const length = (pixels: number): Part => ({ _unit: "distanceUnit", _value: (pixels * 72) / resolution });
  const place = ([x, y]: readonly [number, number]): Part => ({
    _obj: "paint",
    horizontal: length(x),
    vertical: length(y),
  });
  const point = (knot: Knot): Part => {
    const [before, at, after] = placesOf(knot);
    if (knot.length === 2) return { _obj: "pathPoint", anchor: place(at) };
    return { _obj: "pathPoint", anchor: place(at), backward: place(before), forward: place(after), smooth: true };
  };
  return {
    pathName: "Shape Path",
    kind: enumOf("pathKind", "vectorMask"),
    pathContents: {
      _obj: "pathClass",
      pathComponents: parts.map(({ operation = "add", winding = false, rings }) => ({
        _obj: "pathComponent",
        shapeOperation: enumOf("shapeOperation", operations[operation]),
        windingFill: winding,
        subpathListKey: rings.map(({ closed = true, knots }) => ({
          _obj: "subpathsList",
          closedSubpath: closed,
          points: knots.map(point),
        })),
      })),
    },
  };
}

/** What a fill layer's `adjustment` says. */
export function contentFacts(content: FillContent): readonly Part[] {
  if ("color" in content) return [{ _obj: "solidColorLayer", color: colorOf(content.color) }];
  const { type, angle, stops, reverse = false, scale = 100, align = true } = content.gradient;
  return [
    {
      _obj: "gradientLayer",
      type: enumOf("gradientType", type),
      angle: { _unit: "angleUnit", _value: angle },
      scale: { _unit: "percentUnit", _value: scale },
      reverse,
      align,
      gradient: {
        _obj: "gradientClassEvent",
        gradientForm: enumOf("gradientForm", "customStops"),
        interfaceIconFrameDimmed: 4096,
        colors: stops.map(({ at, color }) => ({
          _obj: "colorStop",
          color: colorOf(color),
          type: enumOf("colorStopType", "userStop"),
          location: Math.round(at * 4096),
          midpoint: 50,
        })),
        transparency: stops.map(({ at, opacity = 1 }) => ({
          _obj: "transferSpec",
          opacity: { _unit: "percentUnit", _value: 100 * opacity },
          location: Math.round(at * 4096),
          midpoint: 50,
        })),
      },
    },
  ];
}

const words = {
  butt: "strokeStyleButtCap",
  round: "strokeStyleRoundCap",
  square: "strokeStyleSquareCap",
  miter: "strokeStyleMiterJoin",
  roundJoin: "strokeStyleRoundJoin",
  bevel: "strokeStyleBevelJoin",
  inside: "strokeStyleAlignInside",
  centre: "strokeStyleAlignCenter",
  outside: "strokeStyleAlignOutside",
} as const;

/** What `AGMStrokeStyleInfo` says of a shape layer. */
export function strokeFacts(stroke: StrokeStyle | null, filled: boolean): Part {
  const { width = 1, color = [0, 0, 0], opacity = 100, dash = [], side = "centre" } = stroke ?? {};
  const { cap = "butt", join = "miter" } = stroke ?? {};
  return {
    _obj: "strokeStyle",
    strokeStyleVersion: 2,
    strokeEnabled: stroke !== null,
    fillEnabled: filled,
    strokeStyleLineWidth: { _unit: "pixelsUnit", _value: width },
    strokeStyleLineDashOffset: { _unit: "pointsUnit", _value: 0 },
    strokeStyleMiterLimit: 100,
    strokeStyleLineCapType: enumOf("strokeStyleLineCapType", words[cap]),
    strokeStyleLineJoinType: enumOf("strokeStyleLineJoinType", words[join === "round" ? "roundJoin" : join]),
    strokeStyleLineAlignment: enumOf("strokeStyleLineAlignment", words[side]),
    strokeStyleScaleLock: false,
    strokeStyleStrokeAdjust: false,
    strokeStyleLineDashSet: dash.map((times) => ({ _unit: "noneUnit", _value: times })),
    strokeStyleBlendMode: enumOf("blendMode", "normal"),
    strokeStyleOpacity: { _unit: "percentUnit", _value: opacity },
    strokeStyleContent: { _obj: "solidColorLayer", color: colorOf(color) },
    strokeStyleResolution: 72,
  };
}

/** What `textKey` says of a text layer. */
export const textFacts = ({ words: text, color }: { readonly words: string; readonly color: Rgb }): Part => ({
  _obj: "textLayer",
  textKey: text,
  textStyleRange: [
    {
      _obj: "textStyleRange",
      from: 0,
      to: text.length + 1,
      textStyle: {
        _obj: "textStyle",
        fontPostScriptName: "MyriadPro-Regular",
        size: { _unit: "pointsUnit", _value: 12 },
        color: colorOf(color),
      },
    },
  ],
});
