import { expect, test } from "vitest";
import { Link } from "../../examples/train/link.ts";

// What the training page makes of its worker's errors.

/** A worker that says and fails as it is told. */
function fakeWorker() {
  const worker = { onmessage: null, onerror: null, postMessage() {}, terminate() {} } as unknown as Worker;
  return {
    worker,
    say: (data: unknown) => worker.onmessage?.({ data } as MessageEvent),
    fail: (message: string) => worker.onerror?.({ message, preventDefault() {} } as ErrorEvent),
  };
}

function linked() {
  const told: unknown[][] = [];
  const workers: ReturnType<typeof fakeWorker>[] = [];
  const make = () => {
    const one = fakeWorker();
    workers.push(one);
    return one.worker;
  };
  const link = new Link(make, {
    onCrash: (...crash) => void told.push(["crash", ...crash]),
    onReport: (text) => void told.push(["report", text]),
  });
  return { link, told, workers };
}

test("an error that nobody caught ends what was asked with its reason; the next question starts another worker", async () => {
  const { link, told, workers } = linked();
  const asked = link.ask("forget", {});
  workers[0]?.say({ of: 99 });
  workers[0]?.fail("Uncaught Error: the sky fell.");
  await expect(asked).rejects.toMatchObject({
    code: "worker-crashed",
    message: "The worker stopped: Error: the sky fell.",
    details: { reason: "Error: the sky fell", again: false },
  });
  const again = link.ask("forget", {});
  workers[1]?.fail("");
  await expect(again).rejects.toMatchObject({ details: { reason: "no reason was given", again: true } });
  expect(told).toEqual([
    ["crash", "Error: the sky fell", false],
    ["crash", "no reason was given", true],
  ]);
});

test("what is only reported is told, and what was asked goes on", async () => {
  const { link, told, workers } = linked();
  const asked = link.ask("forget", {});
  workers[0]?.say({ reported: "There is no room." });
  workers[0]?.say({ of: 1, answer: { value: undefined } });
  await asked;
  expect(told).toEqual([["report", "There is no room."]]);
  expect(workers).toHaveLength(1);
});
