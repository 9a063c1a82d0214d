import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { betweenTurns, breakRealm, inTurn, realmBroken } from "../../engine/src/runtime/queue.ts";

const late = new Error("late");
const turn = { limitMs: 1000, fragile: true, onTimeout: () => late };

/** A promise with its ends outside. */
function open<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

test("one job at a time, in the order of asking, whatever becomes of each", async () => {
  const log: string[] = [];
  const job = (name: string, fails = false) =>
    inTurn(async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    }, turn);
  const results = await Promise.allSettled([job("a"), job("b", true), job("c")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("a job over its time rejects, and what it gives later is freed before the next one begins", async () => {
  const slow = open<string>();
  const freed: string[] = [];
  const first = inTurn(() => slow.promise, { ...turn, discard: (value) => freed.push(value) }).catch((e) => e);
  const second = inTurn(async () => [...freed], turn);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await first).toBe(late);
  slow.resolve("weights");
  expect(await second).toEqual(["weights"]);
  expect(realmBroken()).toBeNull();
});

test("a job that blocked the thread for too long rejects though it ended", async () => {
  const result = inTurn(async () => {
    vi.setSystemTime(Date.now() + 5000);
    await vi.advanceTimersByTimeAsync(1001);
    return 1;
  }, turn);
  await expect(result).rejects.toBe(late);
});

test("a job that is given up rejects at once", async () => {
  const lost = new Error("lost");
  const slow = open<void>();
  let reject: (error: Error) => void = () => {};
  let kept = true;
  const giveUp = (end: (error: Error) => void) => {
    reject = end;
    return () => {
      kept = false;
    };
  };
  const result = inTurn(() => slow.promise, { ...turn, giveUp }).catch((error) => error);
  await vi.advanceTimersByTimeAsync(0);
  expect(kept).toBe(true);
  reject(lost);
  expect(await result).toBe(lost);
  expect(kept).toBe(false);
  slow.resolve();
  await inTurn(async () => {}, turn);
});

test("while a job does not come back, onnxruntime is unusable where it is fragile", async () => {
  for (const fragile of [false, true]) {
    const stuck = open<void>();
    const first = inTurn(() => stuck.promise, { ...turn, fragile }).catch((e) => e);
    const second = inTurn(async () => realmBroken(), turn);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await first).toBe(late);
    await vi.advanceTimersByTimeAsync(5000);
    const state = await second;
    if (fragile) expect(state).toMatch(/not come back/);
    else expect(state).toBeNull();
    stuck.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(realmBroken()).toBeNull();
  }
});

test("something short waits for the job that runs, and for nothing when there is none", async () => {
  await inTurn(async () => {}, turn);
  await vi.advanceTimersByTimeAsync(0);
  const log: string[] = [];
  betweenTurns(() => log.push("alone"));
  expect(log).toEqual(["alone"]);
  const running = open<void>();
  const job = inTurn(async () => {
    await running.promise;
    log.push("job");
  }, turn);
  betweenTurns(() => log.push("after"));
  expect(log).toEqual(["alone"]);
  running.resolve();
  await job;
  await vi.advanceTimersByTimeAsync(0);
  expect(log).toEqual(["alone", "job", "after"]);
});

test("a crash is for good", () => {
  breakRealm("onnxruntime crashed");
  breakRealm("again");
  expect(realmBroken()).toBe("onnxruntime crashed");
});
