import { gzipSync } from "node:zlib";
import { UnderdrawError } from "@underdraw/engine/core";
import { readSvg, type SvgDrawing, type SvgOptions } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";

const space = 'xmlns="http://www.w3.org/2000/svg"';
const rect = '<rect width="10" height="10"/>';
const file = (inside: string, before = ""): string => `${before}<svg ${space} width="20" height="20">${inside}</svg>`;

const skipped = ({ report }: SvgDrawing): Record<string, number> =>
  Object.fromEntries(report.skipped.map(({ what, count }) => [what, count]));

/** The sentence that a file is refused with; it names the file, and its code is the one of pictures. */
async function refusal(source: string | Uint8Array, options: SvgOptions = {}): Promise<string> {
  const error = await readSvg(source, { name: "art.svg", ...options }).then(
    () => null,
    (reason) => reason,
  );
  if (!UnderdrawError.is(error, "picture-unreadable")) throw error ?? new Error("The file was read.");
  expect(error.message).toMatch(/^Cannot read (art\.svg|font 1): /);
  return error.message;
}

describe("a file that is no drawing is refused in words", () => {
  test.each([
    ["nothing", "", /no sound XML.*no elements|no sound XML|no elements/],
    ["words", "hello", /line 1, column/],
    ["a web page", "<html><body/></html>", /its outermost element is <html>/],
    ["another XML", '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1"/>', /is no SVG/],
    ["an svg of another name space", '<svg xmlns="http://example.org/"/>', /is no SVG/],
    ["cut off", `<svg ${space}>\n<g>\n<rect`, /line 3, column 5/],
    ["wrongly nested", `<svg ${space}>\n <g></svg>`, /line 2, column/],
    ["with a bare ampersand", file('<rect id="a & b"/>'), /line 1/],
    ["with an unknown entity", file("<text>&nbsp;</text>"), /undefined entity/],
  ])("%s", async (_, text, words) => {
    expect(await refusal(text)).toMatch(words);
  });

  test("bytes that are empty, or in no encoding", async () => {
    expect(await refusal(new Uint8Array())).toContain("the file is empty");
    expect(await refusal(Uint8Array.of(0x3c, 0x73, 0xff, 0xfe, 0xc3))).toContain("no UTF-8");
    expect(await refusal(Buffer.from('<?xml version="1.0" encoding="klingon"?><svg/>'))).toContain('"klingon"');
  });
});

describe("encodings", () => {
  const text = `<?xml version="1.0" encoding="UTF-16"?>${file(`<g id="하늘">${rect}</g>`)}`;
  const little = Buffer.from(`\ufeff${text}`, "utf16le");

  test.each([
    ["UTF-8 with its mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-8 that says it is UTF-16", Buffer.from(text)],
    ["UTF-16, low bytes first", little],
    ["UTF-16, high bytes first", Buffer.from(little).swap16()],
    ["UTF-16 without its mark", little.subarray(2)],
    ["packed with gzip", gzipSync(text)],
  ])("%s", async (_, bytes) => {
    const { scene } = await readSvg(bytes);
    expect(scene.groups?.[0]?.name).toBe("하늘");
  });

  test("one that the declaration names", async () => {
    const bytes = Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?>${file(`<g id="Bäume">${rect}</g>`)}`,
      "latin1",
    );
    expect((await readSvg(bytes)).scene.groups?.[0]?.name).toBe("Bäume");
  });

  test("a packed file that is damaged, or swells beyond the limit", async () => {
    const whole = gzipSync(file(rect));
    expect(await refusal(whole.subarray(0, whole.length - 12))).toContain("damaged or cut off");
    const bomb = gzipSync(Buffer.alloc(3_000_000, 32));
    expect(bomb.length).toBeLessThan(10_000);
    expect(await refusal(bomb, { limits: { bytes: 1_000_000 } })).toContain("larger than");
  });

  test("blanks before the declaration are no fault", async () => {
    expect((await readSvg(`\n  <?xml version="1.0"?>${file(rect)}`)).scene.shapes).toHaveLength(1);
  });
});

describe("document types", () => {
  test("entities of plain text are put in", async () => {
    const doctype = '<!DOCTYPE svg [ <!ENTITY ink "#b30"> <!-- <!ENTITY no "no"> --> <!ENTITY wide \'4\'> ]>';
    const { scene } = await readSvg(file('<rect width="&wide;" height="1" fill="&ink;"/>', doctype));
    expect(scene.shapes[0]).toMatchObject({ fill: "#b30", path: "M0 0H4V1H0Z" });
  });

  test("a bomb of entities in entities is refused at once", async () => {
    const names = "abcdefghij".split("");
    const lines = names.map((name, n) => `<!ENTITY ${name} "${n === 0 ? "ha" : `&${names[n - 1]};`.repeat(10)}">`);
    const started = performance.now();
    expect(await refusal(file("<text>&j;</text>", `<!DOCTYPE svg [${lines.join("")}]>`))).toContain("undefined entity");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("one entity put in again and again is refused", async () => {
    const doctype = `<!DOCTYPE svg [<!ENTITY a "${"x".repeat(1000)}">]>`;
    expect(await refusal(file(`<text>${"&a;".repeat(5000)}</text>`, doctype))).toContain("swell");
  });

  test("what lies elsewhere is not read, and told", async () => {
    const doctype =
      '<!DOCTYPE svg PUBLIC "-//X" "http://example.org/x.dtd" [<!ENTITY secret SYSTEM "file:///etc/passwd"><!ENTITY % p "x">]>';
    expect(skipped(await readSvg(file(rect, doctype)))).toEqual({ "external document type": 1, "external entity": 2 });
    expect(await refusal(file("<text>&secret;</text>", doctype))).toContain("undefined entity");
  });
});

describe("limits", () => {
  test("20,000 groups in one another are refused, and 1,500 are read where that is allowed", async () => {
    const nested = (count: number): string => file(`${"<g>".repeat(count)}${rect}${"</g>".repeat(count)}`);
    expect(await refusal(nested(20_000))).toContain("256 deep");
    const { scene } = await readSvg(nested(1500), { limits: { depth: 2000 } });
    expect([scene.shapes.length, scene.groups?.length]).toEqual([1, 1500]);
  });

  test("a use that repeats itself a billionfold is refused", async () => {
    const levels = Array.from({ length: 10 }, (_, n) => `<g id="l${n + 1}">${`<use href="#l${n}"/>`.repeat(10)}</g>`);
    // Ten billion of them would take hours.
    expect(await refusal(file(`<rect id="l0" width="1" height="1"/>${levels.join("")}`))).toContain("100000 elements");
  });

  test("a long path that use repeats is refused by its pieces", async () => {
    const long = `M0 0${"L1 1".repeat(2000)}`;
    const text = file(`<path id="p" d="${long}"/>${'<use href="#p"/>'.repeat(50)}`);
    expect(await refusal(text, { limits: { segments: 50_000 } })).toContain("50000 pieces");
  });

  test.each([
    ["elements", { elements: 10 }, rect.repeat(11), "more than 10 elements"],
    ["rules", { rules: 5 }, "<style>a,b,c,d,e,f{fill:red}</style>", "more than 5 rules"],
    ["bytes", { bytes: 50 }, rect, "longer than"],
  ])("of %s can be set", async (_, limits, inside, words) => {
    expect(await refusal(file(inside), { limits })).toContain(words);
  });

  test("that are none are refused as misuse", async () => {
    await expect(readSvg(file(rect), { limits: { depth: Number.NaN } })).rejects.toThrow(RangeError);
    await expect(readSvg(file(rect), { limits: { depth: 1e6 } })).rejects.toThrow(RangeError);
    await expect(readSvg(file(rect), { limits: { dept: 3 } as never })).rejects.toThrow(/limits\.dept/);
  });

  test("a polyline ends at the most points", async () => {
    const { scene } = await readSvg(file(`<polyline points="${"1 2 ".repeat(50)}"/>`), { limits: { points: 10 } });
    expect(scene.shapes[0]?.path.match(/[ML]/g)).toHaveLength(10);
  });

  test("selectors that take too long are refused", async () => {
    const rules = Array.from({ length: 200 }, () => `g g g g g g g x, g g g g g g g rect{fill:red}`).join("");
    const nested = `${"<g>".repeat(100)}${rect.repeat(100)}${"</g>".repeat(100)}`;
    const started = performance.now();
    const outcome = await refusal(file(`<style>${rules}</style>${nested.replaceAll("g>", "g><a/>")}`)).catch(
      () => "read",
    );
    expect(outcome).toMatch(/read|take too long/);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test("no number of a scene is beyond measure, whatever a file writes", async () => {
  const odd = ["NaN", "Infinity", "1e400", "-1e400", "1e20", "0x10", "--1", "1e", "", "5 5", "٣"];
  const inside = odd
    .flatMap((value) => [
      `<rect x="${value}" y="1" width="${value}" height="5" rx="${value}" stroke="red" stroke-width="${value}" stroke-dasharray="${value} 1" stroke-dashoffset="${value}" opacity="${value}"/>`,
      `<rect width="5" height="5" transform="translate(${value}) scale(${value}) rotate(${value})" stroke-miterlimit="${value}" fill-opacity="${value}"/>`,
      `<svg viewBox="0 0 ${value} 4" width="${value}">${rect}</svg>`,
      `<text x="${value}" font-size="${value}" letter-spacing="${value}">a</text>`,
      `<linearGradient id="g${value}" x1="${value}"><stop offset="${value}"/><stop offset="1"/></linearGradient><rect width="9" height="9" fill="url(#g${value})"/>`,
    ])
    .join("");
  const { scene } = await readSvg(file(inside));
  expect(scene.shapes.length).toBeGreaterThan(odd.length);
  const check = (value: unknown): void => {
    if (typeof value === "number") expect(Math.abs(value)).toBeLessThan(1e13);
    else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) check(inner);
    else if (typeof value === "string") expect(value).not.toMatch(/NaN|Infinity|undefined|e\+/);
  };
  check(scene);
});

test("names that JavaScript has are names like any other", async () => {
  const { scene } = await readSvg(
    file(
      `<style>.constructor{fill:red}#__proto__{stroke:blue}toString{fill:tan}</style><g id="__proto__" class="constructor toString"><rect id="hasOwnProperty" class="constructor" style="constructor:1;__proto__:2" width="4" height="4"/></g><use href="#__proto__"/>`,
    ),
  );
  expect(scene.shapes.map(({ id, fill, stroke }) => [id, fill, stroke])).toEqual([
    ["hasOwnProperty", "red", "blue"],
    ["hasOwnProperty~1", "red", "blue"],
  ]);
});

test("custom properties that swell are given up", async () => {
  const chain = Array.from({ length: 30 }, (_, n) => `--v${n + 1}:${`var(--v${n}) `.repeat(8)}`).join(";");
  const { scene } = await readSvg(
    file(
      `<g style="--v0:x;--loop:var(--loop);${chain}"><rect width="1" height="1" fill="var(--v30)" stroke="var(--loop)"/></g>`,
    ),
  );
  expect(scene.shapes[0]).toMatchObject({ fill: "black", stroke: null });
});

test.each([
  [
    "brackets and quotes that never close",
    `<style>${"@media screen{".repeat(50_000)}${"(".repeat(100_000)}'</style><g style="a:${"(".repeat(200_000)}"/>`,
  ],
  [
    "a class list beyond measure",
    `<style>${Array.from({ length: 4000 }, (_, n) => `.c.d${n}{fill:red}`).join("")}</style>${`<rect width="1" height="1" class="c ${"x ".repeat(2000)}"/>`.repeat(300)}`,
  ],
  [
    "elements in a row, each found by the one before",
    `<style>rect+rect{fill:red}rect:last-child{fill:blue}</style>${rect.repeat(20_000)}`,
  ],
  [
    "a gradient of thousands of stops for thousands of shapes",
    `<linearGradient id="g">${"<stop/>".repeat(3000)}</linearGradient>${'<rect width="1" height="1" fill="url(#g)"/>'.repeat(3000)}`,
  ],
  [
    "a long clip for thousands of shapes",
    `<clipPath id="c"><path d="${"M1 1h1v1h-1z".repeat(20_000)}"/><path d="M0 0h1v1z"/></clipPath>${'<rect width="1" height="1" clip-path="url(#c)"/>'.repeat(2000)}`,
  ],
  [
    "a transform, dashes and numbers without end",
    `<rect width="1" height="1" stroke="red" stroke-dasharray="${"1 2,".repeat(300_000)}" transform="${"scale(1)".repeat(50_000)}"/>`,
  ],
])("%s take no time that grows with the square", async (_, inside) => {
  const started = performance.now();
  await readSvg(file(inside));
  expect(performance.now() - started).toBeLessThan(6000);
});

describe("stopping", () => {
  test("before the start rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    await expect(readSvg(file(rect), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("on the way is heard within a moment", async () => {
    const large = file(
      `<style>g rect{fill:red}</style>${`<g><rect width="1" height="1" transform="rotate(3)"/></g>`.repeat(45_000)}`,
    );
    const stopping = new AbortController();
    const reason = new Error("enough");
    const reading = readSvg(large, { signal: stopping.signal });
    setTimeout(() => stopping.abort(reason), 5);
    await expect(reading).rejects.toBe(reason);
  });
});

test("a font that is none, or of a kind that cannot be read, is refused", async () => {
  expect(await refusal(file("<text>a</text>"), { fonts: [Buffer.from("no font")] })).toContain("it is no font");
  expect(await refusal(file("<text>a</text>"), { fonts: [Buffer.from("wOF2....")] })).toContain("WOFF2");
});

test("a picture that cannot be read is its box, and told", async () => {
  const image = (href: string): string => `<image width="8" height="6" href="${href}"/>`;
  const pictures = (): Promise<never> => Promise.reject(new Error("It is damaged."));
  const result = await readSvg(file(image("data:image/png;base64,AAAA") + image("data:,%zz")), { pictures });
  expect(result.scene.shapes.map(({ kind, path, picture }) => [kind, path, picture])).toEqual([
    ["picture", "M0 0H8V6H0Z", undefined],
    ["picture", "M0 0H8V6H0Z", undefined],
  ]);
  expect(skipped(result)).toEqual({ "picture that was not read": 2 });
  expect(result.report.notes).toContain("A picture of type image/png in the file could not be read: It is damaged.");
});

describe("what is stamped again and again", () => {
  const arrow = '<marker id="m"><path d="M0 0h1v1z"/></marker>';

  test("markers at a million points are refused in words", async () => {
    const path = `M0 0${"h1v1".repeat(100_000)}`;
    const started = performance.now();
    expect(await refusal(file(`${arrow}<path d="${path}" stroke="red" marker-mid="url(#m)"/>`))).toContain("elements");
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("markers in markers in markers are refused in words", async () => {
    const levels = Array.from(
      { length: 8 },
      (_, n) =>
        `<marker id="m${n + 1}"><path d="M0 0${"h1v1".repeat(10)}" stroke="red" marker-mid="url(#m${n})"/></marker>`,
    );
    const inside = `<marker id="m0"><path d="M0 0h1v1z"/></marker>${levels.join("")}<path d="M0 0${"h1v1".repeat(10)}" stroke="red" marker-mid="url(#m8)"/>`;
    expect(await refusal(file(inside))).toContain("elements");
  });

  test("a pattern of endless tiles is a picture of no more than the document's size", async () => {
    const pattern =
      '<pattern id="p" width="1e-4" height="1e-4" patternUnits="userSpaceOnUse"><rect width="1" height="1" fill="red"/><path d="M0 0h5"/></pattern>';
    const started = performance.now();
    const { scene } = await readSvg(file(`${pattern}<rect width="1e8" height="1e8" fill="url(#p)"/>`));
    expect(performance.now() - started).toBeLessThan(5000);
    expect(scene.shapes.length).toBeLessThan(4);
  });

  test("a hundred drawn masks of a large document end, and those beyond are told", async () => {
    const masks = Array.from(
      { length: 40 },
      (_, n) =>
        `<mask id="m${n}"><circle r="9" fill="gray"/></mask><rect width="4000" height="4000" mask="url(#m${n})"/>`,
    );
    const started = performance.now();
    const result = await readSvg(`<svg ${space} width="4000" height="4000">${masks.join("")}</svg>`);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(skipped(result)["mask"]).toBeGreaterThan(5);
    expect(result.scene.shapes).toHaveLength(40);
  });

  test("pictures of tiles are drawn up to a limit; what comes after them has the colour of its tiles, and is told", async () => {
    const pattern =
      '<pattern id="p" width="24" height="24" patternUnits="userSpaceOnUse"><rect width="12" height="24" fill="#f00"/></pattern>';
    const area = '<rect width="2000" height="2000" fill="url(#p)"/>';
    const drawing = await readSvg(`<svg ${space} width="2000" height="2000">${pattern}${area.repeat(14)}</svg>`);
    expect(drawing.scene.shapes.filter(({ kind }) => kind === "picture")).toHaveLength(12);
    expect(drawing.scene.shapes.slice(12).map(({ fill }) => fill)).toEqual(Array(2).fill("rgba(255, 0, 0, 0.5)"));
    expect(skipped(drawing)).toEqual({ "tiles of a pattern": 2 });
  });

  test("a filter with endless blur and spread ends", async () => {
    const filter =
      '<filter id="f" width="9e8" height="9e8"><feMorphology operator="dilate" radius="1e8"/><feGaussianBlur stdDeviation="1e8"/><feOffset dx="1e9" result="o"/><feMerge><feMergeNode in="o"/><feMergeNode in="SourceGraphic"/></feMerge></filter>';
    const started = performance.now();
    const { scene } = await readSvg(file(`${filter}<rect width="9" height="9" filter="url(#f)"/>`));
    expect(performance.now() - started).toBeLessThan(5000);
    expect(scene.shapes).toHaveLength(2);
  });
});
