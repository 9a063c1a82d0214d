import { vi } from "vitest";

// Every reference once more, where no module of WebAssembly can be compiled.

vi.stubGlobal("WebAssembly", {
  ...WebAssembly,
  Module: class {
    constructor() {
      throw new EvalError("the page's policy forbids it");
    }
  },
});

await import("./condition-goldens.test.ts");
