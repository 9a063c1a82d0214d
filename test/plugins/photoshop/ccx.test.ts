import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { afterEach, describe, expect, test, vi } from "vitest";
import { icons } from "../../../plugins/photoshop/icons.mjs";
import { panelId, pluginId } from "../../../plugins/photoshop/src/host/identity.ts";
import { ccx, manifestProblems } from "../../../scripts/ccx.mjs";

const text = readFileSync("plugins/photoshop/manifest.json", "utf8");
const manifest = () => JSON.parse(text);
const drawn = icons() as Readonly<Record<string, Buffer>>;
const files = () => ({
  "manifest.json": Buffer.from(text),
  "index.html": Buffer.from("<!doctype html>"),
  "webview/files/0.0.js": Buffer.from("underdrawPiece(0)"),
  ...drawn,
});

describe("the manifest", () => {
  test("is sound, and names what the package holds", () => {
    expect(manifestProblems(manifest(), Object.keys(files()))).toEqual([]);
  });

  test("has the ids that the code uses", () => {
    expect(manifest().id).toBe(pluginId);
    expect(manifest().entrypoints.map(({ id }: { id: string }) => id)).toEqual([
      panelId,
      "underdraw.extract",
      "underdraw.redraw",
      "underdraw.probe",
    ]);
  });

  test("asks for a local page and nothing of the network or the disk", () => {
    expect(manifest().requiredPermissions).toEqual({
      webview: { allow: "yes", allowLocalRendering: "yes", enableMessageBridge: "localOnly", domains: [] },
      clipboard: "readAndWrite",
    });
  });

  test.each([
    ["manifestVersion", { manifestVersion: 4 }],
    ["id", { id: "has space" }],
    ["name", { name: "ab" }],
    ["version", { version: "1.0" }],
    ["main", { main: "none.html" }],
    ["one object", { host: [{ app: "PS", minVersion: "26.0.0" }] }],
    ["minVersion", { host: { app: "PS", minVersion: "26" } }],
    ["entrypoints", { entrypoints: [] }],
    ["icon icons/none.png", { icons: [{ path: "icons/none.png", scale: [1] }] }],
    ["icon icons/plugin@3x.png", { icons: [{ path: "icons/plugin.png", scale: [1, 3] }] }],
    ["wildcard", { requiredPermissions: { network: { domains: ["https://example.*"] } } }],
    [
      "localOnly",
      { requiredPermissions: { webview: { enableMessageBridge: "localOnly", allowLocalRendering: "yes" } } },
    ],
    ["localFileSystem", { requiredPermissions: { localFileSystem: "all" } }],
  ])("is refused with words about its %s", (word, change) => {
    const problems = manifestProblems({ ...manifest(), ...change }, Object.keys(files()));
    expect(problems.join("\n")).toContain(word);
    expect(() =>
      ccx({ ...files(), "manifest.json": Buffer.from(JSON.stringify({ ...manifest(), ...change })) }),
    ).toThrow(word);
  });
});

afterEach(() => void vi.useRealTimers());

describe("the package", () => {
  test("holds every file as it is, the manifest at its root", () => {
    const inside = unzipSync(ccx(files()));
    expect(Object.keys(inside).sort()).toEqual(Object.keys(files()).sort());
    for (const [name, bytes] of Object.entries(files())) expect(Buffer.from(inside[name] ?? [])).toEqual(bytes);
  });

  test("is the same bytes for the same files, whatever their order and whenever it is made", () => {
    const turned = Object.fromEntries(Object.entries(files()).reverse());
    const now = Buffer.from(ccx(files()));
    vi.useFakeTimers({ now: new Date("2031-05-06T07:08:09Z") });
    expect(Buffer.from(ccx(turned))).toEqual(now);
  });

  test("is not made without a manifest", () => {
    const { "manifest.json": _, ...rest } = files();
    expect(() => ccx(rest)).toThrow(/no manifest/);
  });
});

test("icons are PNG files of the sizes that the manifest states", () => {
  const listed = [...manifest().icons, ...manifest().entrypoints.flatMap(({ icons = [] }) => icons)];
  for (const { path, width } of listed) {
    for (const [file, side] of [
      [path, width],
      [path.replace(".png", "@2x.png"), width * 2],
    ]) {
      expect(drawn[file]?.subarray(1, 4).toString()).toBe("PNG");
      expect([drawn[file]?.readUInt32BE(16), drawn[file]?.readUInt32BE(20)]).toEqual([side, side]);
    }
  }
});
