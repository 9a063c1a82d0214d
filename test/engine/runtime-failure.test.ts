import { describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { failureOf, isCrash } from "../../engine/src/runtime/failure.ts";

const what = 'Running the graph "unet"';

describe("what onnxruntime throws", () => {
  test.each([
    ["std::bad_alloc", undefined],
    ["Can't create a session. failed to allocate a buffer of size 1700000000.", 1_700_000_000],
    ["Failed to allocate memory for requested buffer of size 536870912", 536_870_912],
    ["Available memory of 100 is smaller than requested bytes of 4096", 4096],
    ["vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY", undefined],
    ["Array buffer allocation failed", undefined],
    ["Out of memory", undefined],
  ])("%s is memory that ran out", (text, needed) => {
    const failure = failureOf(new Error(text), what);
    expect(failure.code).toBe("out-of-memory");
    expect(failure.details).toEqual(needed === undefined ? {} : { needed });
    expect(failure.message).toContain(what);
  });

  test.each(["Device was destroyed.", "A valid external Instance reference no longer exists. Device is lost"])(
    "%s is a lost device",
    (text) => {
      expect(failureOf(new Error(text), what)).toMatchObject({ code: "device-lost", details: { reason: text } });
    },
  );

  test.each([
    new WebAssembly.RuntimeError("unreachable"),
    new Error("memory access out of bounds"),
    new Error("Aborted(native code called abort())"),
    5_242_880,
  ])("%s is a crash, after which there is no more onnxruntime here", (error) => {
    expect(isCrash(error)).toBe(true);
    const failure = failureOf(error, what);
    expect(failure.code).toBe("runtime-failed");
    expect(failure.message).toMatch(/reload/);
    expect(failure.cause).toBe(error);
  });

  test("anything else is named with its reason and cause", () => {
    const cause = new Error("Invalid rank for input: x Got: 3 Expected: 4");
    expect(isCrash(cause)).toBe(false);
    const failure = failureOf(cause, what);
    expect(failure).toMatchObject({ code: "runtime-failed", details: { what, reason: cause.message }, cause });
  });

  test("an error of ours stays itself", () => {
    const error = new UnderdrawError("file-invalid", "cut", { file: "a", reason: "b" });
    expect(failureOf(error, what)).toBe(error);
    expect(isCrash(new UnderdrawError("timeout", "unreachable", { what, limitMs: 1 }))).toBe(false);
  });
});
