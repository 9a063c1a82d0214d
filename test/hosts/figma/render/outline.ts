import { absoluteTransform, sizeOf } from "../core/geometry.ts";
import { apply, invert, multiply } from "../core/matrix.ts";
import { flatten, type Outline, type Point, parsePaths, pathsBox, type Segment } from "../core/paths.ts";
import { letter } from "../core/properties.ts";
import type { Store } from "../core/store.ts";
import { combined, type Operation } from "./boolean.ts";

// The outlines that nodes are filled and stroked along, in their own coordinates.

/** How far a circle's control points lie from its points, for a radius of 1: the usual four-curve circle. */
const roundness = 0.5522847498307936;

/** The outlines of a node's own shape; none for groups and slices. */
export function outlinesOf(store: Store, id: string): readonly Outline[] {
  const { type, fields } = store.at(id);
  const { width, height } = sizeOf(store, id);
  switch (type) {
    case "RECTANGLE":
    case "FRAME":
    case "COMPONENT":
    case "COMPONENT_SET":
    case "INSTANCE":
    case "SECTION":
      return [
        rounded(
          width,
          height,
          ["topLeftRadius", "topRightRadius", "bottomRightRadius", "bottomLeftRadius"].map(
            (key) => fields[key] as number,
          ),
        ),
      ];
    case "ELLIPSE":
      return [ellipse(width, height, fields["arcData"] as Arc)];
    case "LINE":
      return [
        open([
          [0, 0],
          [width, 0],
        ]),
      ];
    case "POLYGON":
      return [closed(ring(width, height, fields["pointCount"] as number, [1]))];
    case "STAR":
      return [closed(ring(width, height, 2 * (fields["pointCount"] as number), [1, fields["innerRadius"] as number]))];
    case "VECTOR":
      return vector(fields["vectorPaths"] as Parameters<typeof parsePaths>[1], width, height);
    case "BOOLEAN_OPERATION":
      return combination(store, id);
    case "TEXT":
      return letters(fields["characters"] as string, fields["fontSize"] as number);
    default:
      return [];
  }
}

/** The longest line that stands for a piece of a curve in what boolean operations make. */
const curveStep = 1;

/** What a boolean operation leaves of its parts, in its own coordinates; groups among them count as all that they hold. */
function combination(store: Store, id: string): readonly Outline[] {
  const back = invert(absoluteTransform(store, id));
  const partOf = (part: string): readonly (readonly Point[])[] => {
    const toOwn = multiply(back, absoluteTransform(store, part));
    return store.at(part).type === "GROUP"
      ? store.children(part).filter(isShown).flatMap(partOf)
      : outlinesOf(store, part)
          .filter(({ rule }) => rule !== "NONE")
          .flatMap((outline) => flatten(outline, curveStep).map(({ points }) => points.map((p) => apply(toOwn, ...p))));
  };
  const isShown = (part: string): boolean => store.at(part).fields["visible"] !== false;
  const ruleOf = (part: string): "NONZERO" | "EVENODD" =>
    store.at(part).type !== "GROUP" && outlinesOf(store, part).some(({ rule }) => rule === "EVENODD")
      ? "EVENODD"
      : "NONZERO";
  const parts = store
    .children(id)
    .filter(isShown)
    .map((part) => ({ loops: partOf(part), rule: ruleOf(part) }));
  const loops = combined(parts, store.at(id).fields["booleanOperation"] as Operation);
  return [{ rule: "NONZERO", segments: loops.flatMap((loop) => closed(loop).segments) }];
}

function open(points: readonly Point[]): Outline {
  return { rule: "NONE", segments: points.map((to, index) => ({ type: index === 0 ? "move" : "line", to })) };
}

function closed(points: readonly Point[]): Outline {
  return { rule: "NONZERO", segments: [...open(points).segments, { type: "close" }] };
}

/** Points on an ellipse from the top, at radii that take turns. */
function ring(width: number, height: number, count: number, radii: readonly number[]): readonly Point[] {
  return Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI;
    const radius = radii[index % radii.length] as number;
    return [(width / 2) * (1 + radius * Math.sin(angle)), (height / 2) * (1 - radius * Math.cos(angle))];
  });
}

/** A rectangle, with corners rounded as far as the sides allow; radii from the top left on, with the clock. */
function rounded(width: number, height: number, radii: readonly number[]): Outline {
  const most = Math.min(width, height) / 2;
  const [a = 0, b = 0, c = 0, d = 0] = radii.map((radius) => Math.min(radius, most));
  if (a + b + c + d === 0)
    return closed([
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ]);
  const corner = (from: Point, tip: Point, to: Point): Segment => {
    const near = (point: Point): Point => [
      point[0] + (tip[0] - point[0]) * roundness,
      point[1] + (tip[1] - point[1]) * roundness,
    ];
    return { type: "cubic", out: near(from), into: near(to), to };
  };
  const line = (...to: Point): Segment => ({ type: "line", to });
  return {
    rule: "NONZERO",
    segments: [
      { type: "move", to: [a, 0] },
      line(width - b, 0),
      corner([width - b, 0], [width, 0], [width, b]),
      line(width, height - c),
      corner([width, height - c], [width, height], [width - c, height]),
      line(d, height),
      corner([d, height], [0, height], [0, height - d]),
      line(0, a),
      corner([0, a], [0, 0], [a, 0]),
      { type: "close" },
    ],
  };
}

interface Arc {
  readonly startingAngle: number;
  readonly endingAngle: number;
  readonly innerRadius: number;
}

/** An ellipse, a ring, or a slice of either. */
function ellipse(width: number, height: number, { startingAngle, endingAngle, innerRadius }: Arc): Outline {
  const point = (angle: number, radius: number, reach = 0): Point => [
    (width / 2) * (1 + radius * (Math.cos(angle) - reach * Math.sin(angle))),
    (height / 2) * (1 + radius * (Math.sin(angle) + reach * Math.cos(angle))),
  ];
  const sweep = (from: number, to: number, radius: number): Segment[] => {
    const parts = Math.max(1, Math.ceil(Math.abs(to - from) / (Math.PI / 2) - 1e-9));
    const step = (to - from) / parts;
    const reach = (4 / 3) * Math.tan(step / 4);
    return Array.from({ length: parts }, (_, index) => {
      const [start, end] = [from + index * step, from + (index + 1) * step];
      return {
        type: "cubic",
        out: point(start, radius, reach),
        into: point(end, radius, -reach),
        to: point(end, radius),
      };
    });
  };
  const loop = (start: Point, segments: readonly Segment[]): Segment[] => [
    { type: "move", to: start },
    ...segments,
    { type: "close" },
  ];
  const outer = sweep(startingAngle, endingAngle, 1);
  const begin = point(startingAngle, 1);
  if (Math.abs(endingAngle - startingAngle) > 2 * Math.PI - 1e-6) {
    const hole =
      innerRadius > 0 ? loop(point(startingAngle, innerRadius), sweep(startingAngle, endingAngle, innerRadius)) : [];
    return { rule: "EVENODD", segments: [...loop(begin, outer), ...hole] };
  }
  const inner = innerRadius > 0 ? sweep(endingAngle, startingAngle, innerRadius) : [];
  const turn: Segment = { type: "line", to: point(endingAngle, innerRadius) };
  return { rule: "NONZERO", segments: loop(begin, [...outer, turn, ...inner]) };
}

/** A vector's paths, scaled from the box they were drawn in to the node's. */
function vector(paths: Parameters<typeof parsePaths>[1], width: number, height: number): readonly Outline[] {
  const outlines = parsePaths("vectorPaths", paths);
  const box = pathsBox(outlines);
  const across = box.width > 0 ? width / box.width : 1;
  const down = box.height > 0 ? height / box.height : 1;
  return outlines.map(({ rule, segments }) => ({
    rule,
    segments: segments.map((segment) => mapped(segment, ([x, y]) => [(x - box.x) * across, (y - box.y) * down])),
  }));
}

/** A segment with all its points moved. */
function mapped(segment: Segment, move: (point: Point) => Point): Segment {
  switch (segment.type) {
    case "move":
    case "line":
      return { type: segment.type, to: move(segment.to) };
    case "quadratic":
      return { type: "quadratic", over: move(segment.over), to: move(segment.to) };
    case "cubic":
      return { type: "cubic", out: move(segment.out), into: move(segment.into), to: move(segment.to) };
    case "close":
      return segment;
  }
}

/** There are no fonts here: each letter is a block in its cell, so that text is seen, and where it is. */
function letters(characters: string, size: number): readonly Outline[] {
  const blocks = characters.split("\n").flatMap((line, row) =>
    [...line].flatMap((character, column) => {
      if (character.trim() === "") return [];
      const [x, y] = [(column + 0.1) * letter.width * size, (row + 0.2) * letter.height * size];
      const [right, bottom] = [x + 0.8 * letter.width * size, y + 0.6 * letter.height * size];
      return closed([
        [x, y],
        [right, y],
        [right, bottom],
        [x, bottom],
      ]).segments;
    }),
  );
  return [{ rule: "NONZERO", segments: blocks }];
}
