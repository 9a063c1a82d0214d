import { describe, expect, test } from "vitest";
import { netCard } from "../../engine/src/training/net-card.ts";
import type { NetExport, TrainingReport } from "../../engine/src/training/training.ts";

const report: TrainingReport = {
  steps: 1200,
  mode: "whole",
  base: "stable-diffusion-v1-5/stable-diffusion-v1-5",
  trained: 361_279_120,
  locked: 859_520_964,
  lockedBefore: "a".repeat(64),
  lockedAfter: "a".repeat(64),
  firstDifference: 0,
  pairs: 50,
  heldOut: 5,
  data: "d".repeat(64),
  condition: "canny",
  settings: {
    steps: 1200,
    accumulate: 2,
    learningRate: 1e-5,
    warmUp: 50,
    decay: 0.01,
    clip: 1,
    emptyPrompts: 0.5,
    mirror: true,
    shift: 0,
    seed: 7,
    heldOut: 5,
    measureEvery: 100,
    checkpointEvery: 100,
    sampleSteps: 12,
  },
  width: 512,
  height: 384,
  batch: 4,
  curve: Array.from({ length: 120 }, (_, n) => [10 * (n + 1), 0.2 / (n + 1)] as const),
  measures: [
    {
      step: 600,
      loss: 0.123456,
      baseLoss: 0.2,
      fidelity: { value: 0.3, chance: 0.25, gain: 0.0667 },
      converged: false,
    },
    { step: 1200, loss: 0.1, baseLoss: 0.2, fidelity: { value: 0.7, chance: 0.25, gain: 0.6 }, converged: true },
  ],
  seconds: 3600,
};
const about: NetExport = { name: "My icons", licence: "CC-BY-4.0", about: "Fifty icons of one hand." };

const card = (given: Partial<NetExport> = {}, changed: Partial<TrainingReport> = {}, single?: string) =>
  netCard({ ...report, ...changed }, { ...about, ...given }, single === undefined ? {} : { single });

/** The card's YAML head by its keys, and the rest. */
function parts(text: string): { readonly head: Readonly<Record<string, string>>; readonly body: string } {
  const [, yaml = "", body = ""] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? [];
  const lines = yaml.split("\n").filter((line) => !line.startsWith("  - "));
  return { head: Object.fromEntries(lines.map((line) => line.split(/: ?(.*)/s).slice(0, 2))), body };
}
const headings = (text: string) => text.split("\n").filter((line) => line.startsWith("#"));

describe("a card", () => {
  test("tells what a net is, learnt from, was set to and measured as", () => {
    const { head, body } = parts(card({}, {}, "control-my-icons.safetensors"));
    expect(head).toEqual({
      license: '"cc-by-4.0"',
      base_model: '"stable-diffusion-v1-5/stable-diffusion-v1-5"',
      library_name: "diffusers",
      tags: "",
    });
    expect(card().match(/^ {2}- (.+)$/gm)).toContain("  - controlnet");
    expect(headings(body).filter((line) => !line.startsWith("# The checkpoint"))).toEqual([
      "# My icons",
      "## Licence",
      "## What it learnt from",
      "## How",
      "## Loss",
      "## Held-out pairs",
      "## The base is unchanged",
      "## Use",
    ]);
    for (const line of [
      "Fifty icons of one hand.",
      "| Pairs | 50 learnt from, 5 held out |",
      `| SHA-256 of the pairs (of more than 1000: of all names, and of 200 pairs) | \`${"d".repeat(64)}\` |`,
      "| Condition of the maps | canny |",
      "| pairs a step | 4 (times 2) |",
      "| pictures | 512 x 384 |",
      "| minutes | 60 |",
      "| learning rate | 0.00001 |",
      "| mirror | true |",
      "| 600 | 0.1235 | 0.2 | 0.3 | 0.25 | 0.0667 | no |",
      "| 1200 | 0.1 | 0.2 | 0.7 | 0.25 | 0.6 | yes |",
      `| before the first step | \`${"a".repeat(64)}\` |`,
      "The locked weights were the same, byte for byte, before and after. Before its first step the net changed a prediction by 0 at the most.",
      'const base = nodeModel("stable-diffusion-v1-5/stable-diffusion-v1-5");',
      'net = ControlNetModel.from_pretrained(".", torch_dtype=torch.float16)',
    ])
      expect(body.split("\n"), line).toContain(line);
    expect(body).toContain("`control-my-icons.safetensors` is the same net");
    expect(body).toContain("361279120 numbers in 1200 steps. 859520964 numbers of the base's UNet were locked.");
  });

  test("shows the curve from its first step to its last in few lines", () => {
    const rows = [...card().matchAll(/^\| (\d+) \| ([\d.e-]+) \| (█+) \|$/gm)];
    expect(rows).toHaveLength(12);
    expect(rows.map(([, step]) => Number(step))).toEqual(
      [...rows.map(([, step]) => Number(step))].sort((a, b) => a - b),
    );
    expect([rows[0]?.[1], rows[11]?.[1]]).toEqual(["10", "1200"]);
    expect(rows[0]?.[3]).toBe("█".repeat(20));
    expect(rows[11]?.[3]).toBe("█");
    expect(card({}, { curve: [[1, 0.5]] })).toContain(`| 1 | 0.5 | ${"█".repeat(20)} |`);
    expect(card({}, { curve: [] })).toContain("No step was made.");
  });

  test("does not hide what is wrong or was not measured", () => {
    expect(card({}, { lockedAfter: "b".repeat(64) })).toContain("**The locked weights changed");
    expect(card({}, { lockedAfter: "b".repeat(64) })).not.toContain("were the same");
    expect(card({}, { measures: [], heldOut: 0 })).toContain("No pairs were held out");
    const loss = report.measures.map((measure) => ({ ...measure, fidelity: null }));
    expect(card({}, { measures: loss })).toContain("This condition was not seen again in pictures, so only the loss");
    expect(card({}, { measures: loss, condition: null })).toContain("Nobody said what the maps show");
    expect(card({}, { condition: null, firstDifference: null })).toContain("| Condition of the maps | not named |");
    expect(card({}, { firstDifference: null })).not.toContain("Before its first step");
  });

  test("names a licence that is a sentence as one", () => {
    const { head, body } = parts(card({ licence: "For use inside Example Ltd. only." }));
    expect(head).toMatchObject({ license: "other", license_name: '"For use inside Example Ltd. only."' });
    expect(body).toContain("For use inside Example Ltd. only. The terms of");
  });

  test.each([
    ["licence", { licence: "" }],
    ["licence", { licence: " \n\u200b\t" }],
    ["name", { name: "\u0000" }],
  ])("is refused without a %s", (path, given) => {
    expect(() => card(given)).toThrow(
      expect.objectContaining({
        code: "request-invalid",
        details: { issues: [expect.objectContaining({ path })] },
      }),
    );
    expect(() => card({ licence: "", name: "" })).toThrow(/name must be given.*; licence must be given/);
  });
});

describe("what people write stays text", () => {
  const hostile = [
    'a\nlicense: "mit"\n---\n# Mine',
    "x: y # z",
    '"quoted" \\ back',
    "```\n# code",
    "<script>alert(1)</script>",
    "![p](javascript:x) [l](y)",
    "| a | b |",
    "# heading",
    "- list",
    "1. list",
    "> quote",
    "*b* _i_ `c` ~s~ &lt; $m$ @who :sad:",
    "\u202egnp.exe\u2028---\u0085- a",
    "\ud800 half",
    "&#10;# x",
  ];

  test.each(hostile)("%j", (text) => {
    const written = card({ name: text, about: text, licence: `${text} only` }, { base: text, condition: text });
    const plain = card();
    const { head, body } = parts(written);
    expect(Object.keys(head)).toEqual(["license", "license_name", "base_model", "library_name", "tags"]);
    const one = JSON.parse(head["base_model"] as string);
    expect(`${one} only`).toBe(JSON.parse(head["license_name"] as string));
    // One line each, in the same places as in a card without malice: nothing was begun or ended.
    const count = (of: string, what: RegExp) => of.match(what)?.length ?? 0;
    for (const what of [/^#+ /gm, /^---$/gm, /^```/gm, /^\|/gm, /^> /gm, /^- /gm, /^\d+\. /gm])
      expect(count(written, what), String(what)).toBe(count(plain, what));
    expect(written.split("\n").length).toBe(plain.split("\n").length + 1);
    const prose = body.replace(/^```.*?^```$/gms, "");
    expect(prose).not.toMatch(/(?<!\\)[<\]]/);
    for (const row of prose.split("\n").filter((line) => line.startsWith("| Condition")))
      expect(row.match(/(?<!\\)\|/g)).toHaveLength(3);
    expect(written.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e]/u);
    expect(written).toContain(`from_pretrained(base,`);
    expect(written).toContain(`\nbase = ${JSON.stringify(one)}\n`);
  });
});
