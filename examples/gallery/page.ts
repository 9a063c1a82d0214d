import { type ConditionKind, describeOptions } from "@underdraw/engine";

// The pages of docs/conditions: everything in them comes from the conditions themselves.

/** A map that was drawn for a page, as the file that shows it. */
export interface Shown {
  /** Under docs/conditions. */
  readonly file: string;
  readonly caption: string;
}

const reads = { picture: "a picture", scene: "a drawing's own outlines, names and order", pose: "a pose" } as const;

const values = {
  soft: "lines with soft edges",
  binary: "black and white alone",
  gray: "one quantity in grays",
  rgb: "a picture",
  palette: "flat colours",
} as const;

const polarities = { "white-on-black": "white on black", "near-white": "near is white", none: "" } as const;

/** The Markdown page of one condition. */
export function page(kind: ConditionKind, pictures: readonly Shown[]): string {
  const { id, title, convention } = kind;
  const parts = [
    `# ${title}`,
    `\`${id}\` · ${kind.about}`,
    pictures
      .map(({ file, caption }) => `<img src="${file}" alt="${caption}" title="${caption}" width="320">`)
      .join("\n"),
    pictures.length > 0
      ? `${pictures.map(({ caption }) => caption).join("; ")}.`
      : "No picture: it needs a model that is not in this repository.",
    "## Convention",
    [
      `- **Reads** ${reads[kind.reads]}.`,
      `- **Map** ${[values[convention.values], polarities[convention.polarity]].filter(Boolean).join(", ")}; empty area ${colour(convention.background)}; resized by \`${convention.resize}\`; shown ${convention.display === "inverted" ? "inverted in editors" : "as it is"}.`,
      `- **Nets** ${kind.nets.length > 0 ? kind.nets.map((net) => `\`${net}\``).join(", ") : "none: it limits other controls"}.`,
      ...(convention.random ? ["- **Chance** takes part: the same seed gives the same map."] : []),
    ].join("\n"),
    "## Options",
    options(kind),
    ...(Object.keys(kind.models).length > 0 ? ["## Models", models(kind)] : []),
    "## Use",
    `\`\`\`sh\n${command(kind)}\n\`\`\``,
    `\`\`\`ts\nimport { ${camel(id)}, Engine } from "@underdraw/engine";\n\nconst { pixels } = await engine.extract(${camel(id)}(), source);\n\`\`\``,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The table of all conditions. */
export function table(rows: readonly { readonly kind: ConditionKind; readonly pictures: readonly Shown[] }[]): string {
  const groups = [
    [
      "From a picture, without a model",
      ({ kind }) => kind.reads === "picture" && Object.keys(kind.models).length === 0,
    ],
    ["From the document itself", ({ kind }) => kind.reads === "scene"],
    ["From joints", ({ kind }) => kind.reads === "pose"],
    ["From a picture, with a model of yours", ({ kind }) => Object.keys(kind.models).length > 0],
  ] as const satisfies readonly (readonly [string, (row: (typeof rows)[number]) => boolean])[];
  const parts = groups.map(([name, belongs]) => {
    const lines = rows.filter(belongs).map(({ kind, pictures }) => {
      const shown = pictures.map(({ file }) => `<img src="${file}" width="96" alt="">`).join(" ");
      return `| ${shown} | [\`${kind.id}\`](${kind.id}.md) | ${kind.about} |`;
    });
    return `## ${name}\n\n| | | |\n| --- | --- | --- |\n${lines.join("\n")}`;
  });
  return `# Conditions\n\nEvery condition, drawn by the code itself from one photo and one drawing: \`npm run gallery\` makes these pages and their\npictures. \`underdraw map --list\` says the same in a terminal. An own condition is one file: \`examples/custom-condition\`.\n\n${parts.join("\n\n")}\n\nThe photo is Eileen Collins by NASA (public domain); the drawing is \`examples/gallery/landscape.svg\`.\n`;
}

function options(kind: ConditionKind): string {
  const described = describeOptions(kind);
  if (described.length === 0) return "None.";
  const rows = described.map(
    ({ name, values, default: preset, help }) =>
      `| \`--${name}\` | ${values.replaceAll("|", "\\|")} | ${preset === undefined || preset === "" ? "" : `\`${preset}\``} | ${help.replaceAll("|", "\\|")} |`,
  );
  return `| Option | Values | Without it | What it does |\n| --- | --- | --- | --- |\n${rows.join("\n")}`;
}

function models(kind: ConditionKind): string {
  return Object.entries(kind.models)
    .map(([name, need]) => `- \`${name}\`: ${need.about} ${need.address}`)
    .join("\n");
}

function command({ id, reads, models }: ConditionKind): string {
  const source = { picture: "photo.jpg", scene: "drawing.svg", pose: "pose.json" }[reads];
  const files = Object.keys(models).map((name) => ` --model ${name}=FILE`);
  return `underdraw map ${id} ${source} map.png${files.join("")}`;
}

const camel = (id: string): string => id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const colour = (channels: readonly number[]): string =>
  channels.every((channel) => channel === 0)
    ? "black"
    : channels.every((channel) => channel === 255)
      ? "white"
      : `\`#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}\``;
