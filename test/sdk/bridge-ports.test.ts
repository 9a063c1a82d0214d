import { channelPort, connectHost, windowPort } from "@underdraw/sdk";
import { serveHost } from "@underdraw/sdk/host";
import { portPair } from "@underdraw/sdk/testing";
import { describe, expect, test, vi } from "vitest";
import { hostWith, noise, same } from "./bridge-host.ts";

/** A window as far as messages go: what is posted to it arrives there with its sender's origin. */
class Frame extends EventTarget {
  readonly origin: string;
  constructor(origin: string) {
    super();
    this.origin = origin;
  }

  /** How `from` sees this window. */
  seenBy(from: Frame) {
    const posted: { message: unknown; targetOrigin: string }[] = [];
    return {
      posted,
      postMessage: (message: unknown, targetOrigin: string): void => {
        posted.push({ message, targetOrigin });
        const data = structuredClone(message);
        if (targetOrigin !== "*" && targetOrigin !== this.origin) return;
        setTimeout(() => this.hear(data, from.origin, from));
      },
    };
  }

  hear(data: unknown, origin: string, source: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data, origin, source }));
  }
}

const editor = new Frame("https://editor.example");
const panel = new Frame("https://panel.example");

/** A port's target is compared with the sender, as `event.source` is: here a frame stands for what others see of it. */
const between = (from: Frame, to: Frame, origin: string | readonly string[]) => {
  const target = to.seenBy(from);
  return { target, port: windowPort({ target: target as unknown as Window, origin, source: to, listen: from }) };
};

describe("a port between windows", () => {
  test("carries calls and pictures both ways", async () => {
    serveHost(hostWith(), between(editor, panel, panel.origin).port);
    const host = await connectHost(between(panel, editor, editor.origin).port);
    expect(same((await host.capture({ maxSide: 600 }))?.pixels, noise(600, 600))).toBe(true);
    host.close();
  });

  test("sends to the origins it was given only, and to none besides once one has answered", () => {
    const { port, target } = between(panel, editor, ["https://first.example", editor.origin, "null"]);
    const heard = vi.fn();
    port.receive(heard);
    port.send("before");
    panel.hear("an answer", editor.origin, editor);
    port.send("after");
    expect(target.posted.map(({ message, targetOrigin }) => `${message} ${targetOrigin}`)).toEqual([
      "before https://first.example",
      `before ${editor.origin}`,
      "before *",
      `after ${editor.origin}`,
    ]);
    expect(heard.mock.calls).toEqual([["an answer"]]);
    port.close?.();
  });

  test("hears nobody of another origin or from another window", () => {
    const { port } = between(panel, editor, editor.origin);
    const heard = vi.fn();
    port.receive(heard);
    panel.hear("a stranger", "https://evil.example", editor);
    panel.hear("a stranger", "null", editor);
    panel.hear("another frame of the editor", editor.origin, new Frame(editor.origin));
    expect(heard).not.toHaveBeenCalled();
    panel.hear("the editor", editor.origin, editor);
    expect(heard).toHaveBeenCalledTimes(1);
    port.close?.();
  });

  test("goes by the origin alone where the sender's window is another than the target", () => {
    const target = editor.seenBy(panel) as unknown as Window;
    const port = windowPort({ target, origin: editor.origin, source: null, listen: panel });
    const heard = vi.fn();
    port.receive(heard);
    panel.hear("from the top window", editor.origin, new Frame(editor.origin));
    panel.hear("a stranger", "https://evil.example", editor);
    expect(heard.mock.calls).toEqual([["from the top window"]]);
    port.close?.();
  });

  test("leaves no listener behind, and wants an origin", () => {
    const [added, removed] = [vi.spyOn(panel, "addEventListener"), vi.spyOn(panel, "removeEventListener")];
    const { port } = between(panel, editor, editor.origin);
    expect(added).not.toHaveBeenCalled();
    port.receive(() => {});
    port.receive(() => {});
    expect(added).toHaveBeenCalledTimes(1);
    port.close?.();
    expect(removed.mock.calls).toEqual(added.mock.calls);
    expect(() => between(panel, editor, [])).toThrow(TypeError);
  });
});

test("a port over a message channel carries a picture, and its close is heard", async () => {
  const { port1, port2 } = new MessageChannel();
  serveHost(hostWith(), channelPort(port1));
  const host = await connectHost(channelPort(port2));
  expect(same((await host.capture({ maxSide: 600 }))?.pixels, noise(600, 600))).toBe(true);
  const told = vi.fn();
  host.onClose(told);
  port1.close();
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
  await expect(host.capture({ maxSide: 1 })).rejects.toMatchObject({ code: "bridge-closed" });
});

describe("a pair of ports for tests", () => {
  const arrive = async (pair: ReturnType<typeof portPair>, messages: readonly unknown[]): Promise<unknown[]> => {
    const heard: unknown[] = [];
    pair.panel.receive((message) => heard.push(message));
    for (const message of messages) pair.host.send(message);
    await new Promise((resolve) => setTimeout(resolve, 60));
    return heard;
  };
  const numbers = Array.from({ length: 40 }, (_, n) => n);

  test("lets values cross as clones, in order and later", async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const pair = portPair();
    const crossing = arrive(pair, [{ bytes, list: [1, "a", null] }, ...numbers]);
    bytes.fill(9);
    expect(await crossing).toEqual([{ bytes: Uint8Array.of(1, 2, 3), list: [1, "a", null] }, ...numbers]);
  });

  test("refuses what Figma refuses", () => {
    const { host } = portPair();
    class Own {}
    for (const value of [
      new ArrayBuffer(1),
      new Float32Array(1),
      new Uint8ClampedArray(1),
      () => {},
      Symbol("a"),
      1n,
    ]) {
      expect(() => host.send({ value })).toThrow(TypeError);
    }
    for (const value of [new Map(), new Own(), new Blob([])]) expect(() => host.send([value])).toThrow(TypeError);
  });

  test("turns bytes in JSON into what UXP makes of them", async () => {
    const heard = await arrive(portPair({ carries: "json" }), [{ bytes: Uint8Array.of(7, 8), gone: undefined }]);
    expect(heard).toEqual([{ bytes: { 0: 7, 1: 8 } }]);
    expect(() => portPair({ carries: "json" }).host.send(undefined)).toThrow(TypeError);
  });

  test("refuses a message that is larger than it takes", () => {
    const text = "x".repeat(5_000);
    for (const carries of ["bytes", "json"] as const) {
      expect(() => portPair({ carries, largest: 5_000 }).host.send({ text })).toThrow(RangeError);
      expect(() => portPair({ carries, largest: 5_100 }).host.send({ text })).not.toThrow();
    }
    expect(() => portPair({ largest: 5_100 }).host.send({ text: "여".repeat(4_000) })).toThrow(RangeError);
  });

  test("fails in the same way for the same seed, and in another for another", async () => {
    const run = (seed: number) =>
      arrive(portPair({ seed, faults: { drop: 0.3, duplicate: 0.2, reorder: 0.3 } }), numbers);
    const [first, again, other] = await Promise.all([run(3), run(3), run(4)]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("drops, repeats, swaps and delays as often as it is told", async () => {
    const run = (faults: Parameters<typeof portPair>[0]) => arrive(portPair(faults), numbers);
    expect(await run({ faults: { drop: 1 } })).toEqual([]);
    expect(await run({ faults: { duplicate: 1 } })).toEqual(numbers.flatMap((n) => [n, n]));
    expect((await run({ faults: { reorder: 1 } })).slice(0, 4)).toEqual([1, 0, 3, 2]);
    expect(await run({ faults: { delayMs: 5 } })).toEqual(numbers);
  });

  test("delivers what was sent before it was closed, and nothing after", async () => {
    const pair = portPair();
    const [heard, told, own] = [vi.fn(), vi.fn(), vi.fn()];
    pair.panel.receive(heard);
    pair.panel.onClose?.(told);
    pair.host.onClose?.(own);
    pair.host.send(1);
    pair.host.close?.();
    pair.host.send(2);
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
    expect(heard.mock.calls).toEqual([[1]]);
    expect(own).not.toHaveBeenCalled();
    pair.close();
    expect(told).toHaveBeenCalledTimes(1);
  });

  test("breaks after so many messages, for both ends", async () => {
    const pair = portPair({ faults: { closeAfter: 3 } });
    const told = vi.fn();
    pair.panel.onClose?.(told);
    pair.host.onClose?.(told);
    for (let n = 0; n < 5; n++) pair.panel.send(n);
    expect(told.mock.calls).toEqual([["The channel broke."], ["The channel broke."]]);
  });
});
