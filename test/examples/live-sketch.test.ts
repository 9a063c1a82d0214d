import { createPixels, type GenerateRequest, type GenerateResult, type Pipeline, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { followSketch, keepPicture, restInStrokes, type Sketchpad } from "../../examples/generate/live-sketch.ts";

// The guide's live sketch, with a pipeline that gives back the map it was asked to follow.

function parts() {
  const asked: GenerateRequest[] = [];
  const shown: Pixels[] = [];
  const said: (boolean | string)[] = [];
  let lines = createPixels(8, 8);
  let change = () => {};
  let point = (_isDown: boolean) => {};
  const pad: Sketchpad = {
    prompt: "a boat",
    lines: () => lines,
    onChange(listener) {
      change = listener;
    },
    onPointer(listener) {
      point = listener;
    },
    show: (picture) => void shown.push(picture),
    showBusy: (isBusy) => void said.push(isBusy),
    showError: (message) => void said.push(message),
  };
  let fault: Error | null = null;
  const pipeline = {
    defaults: { width: 8, height: 8, steps: 16, guidance: 3, multiple: 8 },
    async generate(request: GenerateRequest) {
      asked.push(request);
      if (fault) throw fault;
      return { pixels: request.controls[0]?.map.pixels, reused: { picture: false } } as unknown as GenerateResult;
    },
  } as unknown as Pipeline;
  return {
    ...{ asked, shown, said, pad, pipeline },
    draw(value: number) {
      lines = createPixels(8, 8);
      lines.data.fill(value);
      change();
    },
    point: (isDown: boolean) => point(isDown),
    break: (error: Error | null) => {
      fault = error;
    },
  };
}

test("a picture follows the sketch", async () => {
  const { pipeline, pad, draw, shown, said, asked } = parts();
  const live = followSketch(pipeline, pad);
  for (const value of [1, 2, 2]) {
    draw(value);
    await live.idle;
  }
  expect(shown.map(({ data }) => data[0])).toEqual([1, 2]);
  expect(said).toEqual([true, false, true, false]);
  const kept = await keepPicture(pipeline, live, pad);
  expect(kept.data[0]).toBe(2);
  expect(asked.map(({ steps }) => steps)).toEqual([4, 4, undefined]);
  expect(new Set(asked.map(({ seed }) => seed))).toEqual(new Set([live.seed]));
  await live.dispose();
});

test("rests while the pointer is down", async () => {
  const { pipeline, pad, draw, point, shown } = parts();
  const live = followSketch(pipeline, pad);
  restInStrokes(live, pad);
  point(true);
  for (let value = 1; value <= 5; value++) {
    draw(value);
    await Promise.resolve();
  }
  expect(shown).toEqual([]);
  point(false);
  await live.idle;
  expect(shown.map(({ data }) => data[0])).toEqual([5]);
});

test("an error is shown, and the next change tries again", async () => {
  const { pipeline, pad, draw, shown, said, ...rest } = parts();
  const live = followSketch(pipeline, pad);
  rest.break(new Error("the device is gone"));
  draw(1);
  await live.idle;
  rest.break(null);
  draw(2);
  await live.idle;
  expect(said).toEqual([true, "Error: the device is gone", false, true, false]);
  expect(shown).toHaveLength(1);
});
