import {
  anything,
  boolean,
  type Check,
  integer,
  list,
  literal,
  nullable,
  number,
  object,
  oneOf,
  string,
  union,
} from "./schema.ts";

// What values the properties take.

const unit = number(0, 1);
const rgb = object({ r: unit, g: unit, b: unit });
const rgba = object({ r: unit, g: unit, b: unit, a: unit });
const vector = object({ x: number(), y: number() });
const transform = list(list(number(), 3), 2);

const blendMode = oneOf(
  "PASS_THROUGH",
  "NORMAL",
  "DARKEN",
  "MULTIPLY",
  "LINEAR_BURN",
  "COLOR_BURN",
  "LIGHTEN",
  "SCREEN",
  "LINEAR_DODGE",
  "COLOR_DODGE",
  "OVERLAY",
  "SOFT_LIGHT",
  "HARD_LIGHT",
  "DIFFERENCE",
  "EXCLUSION",
  "HUE",
  "SATURATION",
  "COLOR",
  "LUMINOSITY",
);

const paintBase = { visible: boolean, opacity: unit, blendMode, boundVariables: anything };

const gradient = (type: string): Check =>
  object(
    {
      type: literal(type),
      gradientTransform: transform,
      gradientStops: list(object({ position: unit, color: rgba }, { boundVariables: anything })),
    },
    paintBase,
  );

const signedUnit = number(-1, 1);

const paint = union("type", {
  SOLID: object({ type: literal("SOLID"), color: rgb }, paintBase),
  GRADIENT_LINEAR: gradient("GRADIENT_LINEAR"),
  GRADIENT_RADIAL: gradient("GRADIENT_RADIAL"),
  GRADIENT_ANGULAR: gradient("GRADIENT_ANGULAR"),
  GRADIENT_DIAMOND: gradient("GRADIENT_DIAMOND"),
  IMAGE: object(
    { type: literal("IMAGE"), scaleMode: oneOf("FILL", "FIT", "CROP", "TILE"), imageHash: nullable(string) },
    {
      ...paintBase,
      imageTransform: transform,
      scalingFactor: number(0),
      rotation: oneOfNumbers(0, 90, 180, 270),
      filters: object(
        {},
        {
          exposure: signedUnit,
          contrast: signedUnit,
          saturation: signedUnit,
          temperature: signedUnit,
          tint: signedUnit,
          highlights: signedUnit,
          shadows: signedUnit,
        },
      ),
    },
  ),
});

function oneOfNumbers(...numbers: readonly number[]): Check {
  return (value, path) =>
    number()(value, path) ??
    (numbers.includes(value as number)
      ? null
      : { message: `Invalid literal value, expected ${numbers.join(" | ")}`, path });
}

const effectBase = { visible: boolean };
const shadow = (type: string, more: Readonly<Record<string, Check>> = {}): Check =>
  object(
    { type: literal(type), color: rgba, offset: vector, radius: number(0), blendMode, ...effectBase },
    { spread: number(), boundVariables: anything, ...more },
  );
const blur = (type: string): Check =>
  object(
    { type: literal(type), radius: number(0), ...effectBase },
    { blurType: literal("NORMAL"), boundVariables: anything },
  );

const effect = union("type", {
  DROP_SHADOW: shadow("DROP_SHADOW", { showShadowBehindNode: boolean }),
  INNER_SHADOW: shadow("INNER_SHADOW"),
  LAYER_BLUR: blur("LAYER_BLUR"),
  BACKGROUND_BLUR: blur("BACKGROUND_BLUR"),
});

const pin = oneOf("MIN", "CENTER", "MAX", "STRETCH", "SCALE");

const constraint = object({ type: oneOf("SCALE", "WIDTH", "HEIGHT"), value: number(0.01) });
const pictureSettings = (format: string): Check =>
  object(
    { format: literal(format) },
    {
      contentsOnly: boolean,
      useAbsoluteBounds: boolean,
      suffix: string,
      constraint,
      colorProfile: oneOf("DOCUMENT", "SRGB", "DISPLAY_P3_V4"),
    },
  );

/** What `exportAsync` and `exportSettings` take: the picture formats. */
export const exportSettings = union("format", { PNG: pictureSettings("PNG"), JPG: pictureSettings("JPG") });

/** The check of every property that a plugin may set and that is stored as it was given. */
export const checks: Readonly<Record<string, Check>> = {
  name: string,
  visible: boolean,
  locked: boolean,
  opacity: unit,
  blendMode,
  isMask: boolean,
  maskType: oneOf("ALPHA", "VECTOR", "LUMINANCE"),
  effects: list(effect),
  fills: list(paint),
  strokes: list(paint),
  backgrounds: list(paint),
  strokeWeight: number(0),
  strokeTopWeight: number(0),
  strokeBottomWeight: number(0),
  strokeLeftWeight: number(0),
  strokeRightWeight: number(0),
  strokeJoin: oneOf("MITER", "BEVEL", "ROUND"),
  strokeAlign: oneOf("CENTER", "INSIDE", "OUTSIDE"),
  strokeCap: oneOf("NONE", "ROUND", "SQUARE", "ARROW_LINES", "ARROW_EQUILATERAL"),
  strokeMiterLimit: number(0),
  dashPattern: list(number(0)),
  cornerRadius: number(0),
  cornerSmoothing: unit,
  topLeftRadius: number(0),
  topRightRadius: number(0),
  bottomLeftRadius: number(0),
  bottomRightRadius: number(0),
  constraints: object({ horizontal: pin, vertical: pin }),
  constrainProportions: boolean,
  layoutPositioning: oneOf("AUTO", "ABSOLUTE"),
  layoutAlign: oneOf("MIN", "CENTER", "MAX", "STRETCH", "INHERIT"),
  layoutGrow: number(0),
  layoutMode: oneOf("NONE", "HORIZONTAL", "VERTICAL", "GRID"),
  paddingLeft: number(0),
  paddingRight: number(0),
  paddingTop: number(0),
  paddingBottom: number(0),
  itemSpacing: number(),
  primaryAxisSizingMode: oneOf("FIXED", "AUTO"),
  counterAxisSizingMode: oneOf("FIXED", "AUTO"),
  primaryAxisAlignItems: oneOf("MIN", "MAX", "CENTER", "SPACE_BETWEEN"),
  counterAxisAlignItems: oneOf("MIN", "MAX", "CENTER", "BASELINE"),
  clipsContent: boolean,
  expanded: boolean,
  sectionContentsHidden: boolean,
  exportSettings: list(exportSettings),
  arcData: object({ startingAngle: number(), endingAngle: number(), innerRadius: unit }),
  pointCount: integer(3),
  innerRadius: unit,
  booleanOperation: oneOf("UNION", "INTERSECT", "SUBTRACT", "EXCLUDE"),
  vectorPaths: list(object({ windingRule: oneOf("NONZERO", "EVENODD", "NONE"), data: string })),
  characters: string,
  fontSize: number(1),
  fontName: object({ family: string, style: string }),
  relativeTransform: transform,
  x: number(),
  y: number(),
  rotation: number(),
};
