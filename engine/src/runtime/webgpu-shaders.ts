// The texts of our own kernels, by what their tensors hold. Half precision is packed and unpacked here in whole numbers:
// that needs no feature of the device, and gives the same bits on every driver, ties to even.

/** How a buffer's numbers lie: float32, two float16 in a word, or a mean in float32 for each row and channel. */
export type Layout = "single" | "half" | "mean";

/** A kernel: a name that tells it from all others, and its text. */
export interface Shader {
  readonly name: string;
  readonly code: string;
}

/** Invocations of a workgroup. Every device allows as many. */
export const GROUP = 64;

/** Words before the rows in a kernel's settings: numbers in the result, channels, places, and one that is free. */
export const HEAD = 4;

/** Words of a term's row in the settings: 1 + its row or 0 for none, scale, where its mask begins or 0 for none, one free. */
export const LINE = 4;

const halves = /* wgsl */ `
fn widened(word: u32) -> f32 {
  let sign = (word & 0x8000u) << 16u;
  let size = word & 0x7fffu;
  if (size < 0x400u) { return bitcast<f32>(sign | bitcast<u32>(f32(size) * 0x1p-24f)); }
  if (size >= 0x7c00u) { return bitcast<f32>(sign | 0x7f800000u | (size << 13u)); }
  return bitcast<f32>(sign | ((size << 13u) + 0x38000000u));
}
fn narrowed(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x47800000u) { return sign | 0x7c00u; }
  if (size < 0x38800000u) { return sign | u32(round(bitcast<f32>(size) * 0x1p24f)); }
  return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u);
}
`;

/** The number at a place of a buffer. */
const load = (buffer: string, layout: Layout, at: string): string =>
  layout === "half" ? `widened(${buffer}[(${at}) >> 1u] >> (((${at}) & 1u) << 4u))` : `bitcast<f32>(${buffer}[${at}])`;

const binding = (n: number, name: string, access = "read"): string =>
  `@group(0) @binding(${n}) var<storage, ${access}> ${name}: array<u32>;\n`;

const SETTINGS = binding(0, "settings");

/** The number of an invocation among all: what does not fit beside each other goes below. */
const entry = (body: string): string => /* wgsl */ `
@compute @workgroup_size(${GROUP}) fn main(
  @builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u
) {
  let word = id.y * groups.x * ${GROUP}u + id.x;
  let count = settings[0];
${body}
}
`;

/**
 * The sum of a base and some terms. Bindings: settings, base, result, terms; without `base` the result is added to in
 * place. One invocation writes one word.
 */
export function sumShader(base: Layout | null, result: Layout, terms: readonly Layout[]): Shader {
  const first = base ? 3 : 2;
  const names = terms.map((_, n) => `term${n}`);
  const added = terms.map((layout, n) => {
    const at =
      layout === "mean"
        ? "(chosen - 1u) * settings[1] + channel"
        : "(chosen - 1u) * settings[1] * settings[2] + channel * settings[2] + place";
    return /* wgsl */ `
  {
    let line = ${HEAD}u + (row * ${terms.length}u + ${n}u) * ${LINE}u;
    let chosen = settings[line];
    if (chosen != 0u) {
      let cell = ${at};
      var added = bitcast<f32>(settings[line + 1u]) * ${load(`term${n}`, layout, "cell")};
      let mask = settings[line + 2u];
      if (mask != 0u) { added = added * bitcast<f32>(settings[mask + place]); }
      value = value + added;
    }
  }`;
  });
  const sum = /* wgsl */ `
fn sum(at: u32) -> f32 {
  let place = at % settings[2];
  let channel = (at / settings[2]) % settings[1];
  let row = at / settings[2] / settings[1];
  var value = ${load(base ? "base" : "result", base ?? result, "at")};${added.join("")}
  return value;
}
`;
  const write =
    result === "half"
      ? /* wgsl */ `  let at = word * 2u;
  if (at < count) {
    var bits = narrowed(sum(at));
    if (at + 1u < count) { bits = bits | (narrowed(sum(at + 1u)) << 16u); }
    result[word] = bits;
  }`
      : "  if (word < count) { result[word] = bitcast<u32>(sum(word)); }";
  return {
    name: `sum ${base ?? "in place"} ${result} ${terms.join(" ")}`.trimEnd(),
    code: [
      SETTINGS,
      base ? binding(1, "base") : "",
      binding(first - 1, "result", "read_write"),
      ...names.map((name, n) => binding(first + n, name)),
      [base, result, ...terms].includes("half") ? halves : "",
      sum,
      entry(write),
    ].join(""),
  };
}

/**
 * The mean over the places of each row and channel, each place times the mask. Bindings: settings (where the mask begins
 * or 0 in place of what is free), term, means. One workgroup a mean.
 */
export function meanShader(term: Layout): Shader {
  return {
    name: `mean ${term}`,
    code: /* wgsl */ `${SETTINGS}${binding(1, "term")}${binding(2, "means", "read_write")}${term === "half" ? halves : ""}
var<workgroup> parts: array<f32, ${GROUP}>;
@compute @workgroup_size(${GROUP}) fn main(
  @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) own: u32
) {
  let mean = id.y * groups.x + id.x;
  if (mean >= settings[0]) { return; }
  let area = settings[2];
  let mask = settings[3];
  var part = 0f;
  for (var place = own; place < area; place = place + ${GROUP}u) {
    let cell = mean * area + place;
    var value = ${load("term", term, "cell")};
    if (mask != 0u) { value = value * bitcast<f32>(settings[mask + place]); }
    part = part + value;
  }
  parts[own] = part;
  for (var width = ${GROUP / 2}u; width > 0u; width = width >> 1u) {
    workgroupBarrier();
    if (own < width) { parts[own] = parts[own] + parts[own + width]; }
  }
  if (own == 0u) { means[mean] = bitcast<u32>(parts[0] / f32(area)); }
}
`,
  };
}

/**
 * The sum over the channels of a product, for each pair of rows and each place. Bindings: settings with the two rows of
 * each pair, one, other, result. Blocks of channels are summed by themselves, so that long sums lose little.
 */
export function productShader(one: Layout, other: Layout): Shader {
  const body = /* wgsl */ `  if (word >= count) { return; }
  let channels = settings[1];
  let area = settings[2];
  let place = word % area;
  let line = ${HEAD}u + (word / area) * 2u;
  let start = settings[line] * channels * area + place;
  let startOther = settings[line + 1u] * channels * area + place;
  var total = 0f;
  for (var block = 0u; block < channels; block = block + 32u) {
    var part = 0f;
    for (var c = block; c < min(block + 32u, channels); c = c + 1u) {
      let cell = start + c * area;
      let otherCell = startOther + c * area;
      part = part + ${load("one", one, "cell")} * ${load("other", other, "otherCell")};
    }
    total = total + part;
  }
  result[word] = bitcast<u32>(total);`;
  return {
    name: `product ${one} ${other}`,
    code: [
      SETTINGS,
      binding(1, "one"),
      binding(2, "other"),
      binding(3, "result", "read_write"),
      [one, other].includes("half") ? halves : "",
      entry(body),
    ].join(""),
  };
}
