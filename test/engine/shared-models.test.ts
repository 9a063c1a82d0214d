import { Engine, type Progress } from "@underdraw/engine";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { control, counted, request, smallBase, smallNets } from "./promises-parts.ts";

// What pipelines of one engine load from the same place is loaded once, and is there until the last of them is disposed.

let opened: string[] = [];
let freed = 0;
const runtimes = new Set<DeviceRuntime>();
beforeEach(() => {
  [opened, freed] = [[], 0];
  runtimes.clear();
  const { open, forget } = DeviceRuntime.prototype;
  vi.spyOn(DeviceRuntime.prototype, "open").mockImplementation(function (this: DeviceRuntime, ...given) {
    runtimes.add(this);
    opened.push(given[0].name);
    return open.apply(this, given);
  });
  vi.spyOn(DeviceRuntime.prototype, "forget").mockImplementation(function (this: DeviceRuntime, session) {
    freed++;
    forget.call(this, session);
  });
});
afterEach(() => vi.restoreAllMocks());

const BASE = 6;
const NET = 4;
const asked = request([control("canny")], { steps: 2 });

test("a base and a net from the same place are loaded once; what is new is loaded beside them", async () => {
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const [base, { canny, depth }] = [smallBase(), smallNets()];
  const one = await engine.load({ base, nets: { canny } });
  expect(opened).toHaveLength(BASE + NET);
  const told: Progress[] = [];
  const two = await engine.load({ base, nets: { canny, depth } }, { onProgress: (at) => told.push(at) });
  expect(opened).toHaveLength(BASE + 2 * NET);
  const fractions = told.map(({ fraction }) => fraction);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.at(-1)).toBe(1);

  const first = await counted(one, asked, { reuse: false });
  expect((await counted(two, asked, { reuse: false })).result.pixels.data).toEqual(first.result.pixels.data);
  // The one that is left draws on, and the last one frees all.
  await one.dispose();
  expect(freed).toBe(0);
  expect((await counted(two, asked, { reuse: false })).result.pixels.data).toEqual(first.result.pixels.data);
  await two.dispose();
  await two.dispose();
  expect(freed).toBe(BASE + 2 * NET);
});

test("other facts and other source objects are other models", async () => {
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const base = smallBase();
  await using _first = await engine.load({ base });
  await using _facts = await engine.load({ base, facts: { scheduler: { prediction_type: "v_prediction" } } });
  expect(opened).toHaveLength(2 * BASE);
  await using _again = await engine.load({ base, facts: {} });
  expect(opened).toHaveLength(2 * BASE);
  const other = await engine.load({ base: smallBase() });
  expect(opened).toHaveLength(3 * BASE);
  await other.dispose();
  expect(freed).toBe(BASE);
});

test("two loads at once share, and the one that waits is not stopped with the one that loads", async () => {
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const [base, nets] = [smallBase(), smallNets()];
  const [one, two] = await Promise.all([engine.load({ base, nets }), engine.load({ base, nets })]);
  expect(opened).toHaveLength(BASE + 2 * NET);
  await Promise.all([one.dispose(), two.dispose()]);
  expect(freed).toBe(BASE + 2 * NET);

  const stopping = new AbortController();
  const stopped = engine.load({ base, nets }, { signal: stopping.signal, onProgress: () => stopping.abort("enough") });
  const waiting = engine.load({ base, nets });
  await expect(stopped).rejects.toBe("enough");
  await using pipeline = await waiting;
  expect((await counted(pipeline, asked)).result.pixels.width).toBe(64);
});

test("a load that fails leaves nothing open, and what others hold as it is", async () => {
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const base = smallBase();
  const misfit = smallBase(); // a base is no net
  await expect(engine.load({ base, nets: { misfit } })).rejects.toMatchObject({ name: "UnderdrawError" });
  expect([opened.length, freed]).toEqual([0, 0]);
  await using pipeline = await engine.load({ base });
  await expect(engine.load({ base, nets: { misfit } })).rejects.toMatchObject({ name: "UnderdrawError" });
  expect([opened.length, freed]).toEqual([BASE, 0]);
  expect((await counted(pipeline, request([], { steps: 1 }))).result.pixels.width).toBe(64);
});

test("after a lost device both pipelines draw again, on networks that were loaded once more and once only", async () => {
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const [base, { canny }] = [smallBase(), smallNets()];
  const [one, two] = [await engine.load({ base, nets: { canny } }), await engine.load({ base, nets: { canny } })];
  const expected = await counted(one, asked);
  const [runtime] = [...runtimes] as [DeviceRuntime];
  vi.spyOn(runtime.device, "download").mockRejectedValue(new Error("Device was destroyed."));
  await expect(two.generate({ ...asked, seed: 5 })).rejects.toMatchObject({ code: "device-lost" });
  const drawn = await Promise.all([counted(one, asked), counted(two, asked)]);
  for (const { result } of drawn) expect(result.pixels.data).toEqual(expected.result.pixels.data);
  expect(opened).toHaveLength(2 * (BASE + NET));
  await Promise.all([one.dispose(), two.dispose()]);
});
