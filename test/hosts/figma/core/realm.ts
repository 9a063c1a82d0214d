import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from "quickjs-emscripten-core";
import { pack, unpack } from "./references.ts";

// The editor's end of the plugin's realm: a QuickJS of its own for each run. Everything crosses as copies, so that no object
// of one side is ever in the other's hands.

/** What the realm's end asks of the editor: a call's name and its arguments. What it gives or throws goes back. */
export type Answering = (call: string, args: readonly unknown[]) => unknown;

/** A realm in which a plugin's main runs. */
export class Realm {
  readonly #vm: QuickJSContext;
  readonly #tell: QuickJSHandle;
  readonly #answering: Answering;
  readonly #track: (promise: Promise<unknown>) => void;
  #alive = true;
  #depth = 0;
  #last = 0;

  /** `module` is this realm's alone. `track` is told of every answer that comes later. */
  constructor(
    module: QuickJSWASMModule,
    prelude: string,
    answering: Answering,
    track: (promise: Promise<unknown>) => void,
  ) {
    this.#vm = module.newContext();
    this.#answering = answering;
    this.#track = track;
    const vm = this.#vm;
    vm.newFunction("ask", (json, bytes) => this.#answer(json, bytes)).consume((ask) =>
      vm.setProp(vm.global, "__ask", ask),
    );
    this.evaluate(prelude, "figma");
    this.#tell = vm.getProp(vm.global, "__tell");
    vm.unwrapResult(vm.evalCode("delete globalThis.__tell")).dispose();
  }

  /** Sets a text, or several by name, as a global. */
  setGlobal(name: string, value: string | Readonly<Record<string, string>>): void {
    const vm = this.#vm;
    const handle =
      typeof value === "string" ? vm.newString(value) : vm.unwrapResult(vm.evalCode(`(${JSON.stringify(value)})`));
    handle.consume((made) => vm.setProp(vm.global, name, made));
  }

  /** Evaluates a script; throws what it throws, as an Error of this side. */
  evaluate(code: string, file: string): void {
    this.#enter(() => {
      const result = this.#vm.evalCode(code, file);
      if (!result.error) return result.value.dispose();
      const { name, message, stack } = result.error.consume((error) => this.#vm.dump(error)) as Error;
      throw Object.assign(new Error(`${name}: ${message}`), { name, stack: `${name}: ${message}\n${stack}` });
    });
  }

  /** Tells the realm something and gives what it says to it. */
  tell(told: object): unknown {
    if (!this.#alive) return null;
    return this.#enter(() => {
      const vm = this.#vm;
      const [json, bytes] = this.#out(told);
      const result = vm.callFunction(this.#tell, vm.undefined, json, bytes);
      json.dispose();
      bytes.dispose();
      if (result.error)
        throw new Error(`The realm failed: ${JSON.stringify(result.error.consume((error) => vm.dump(error)))}`);
      return result.value.consume((crossing) => this.#in(crossing));
    });
  }

  /**
   * Ends the realm: it is told nothing more. Its memory is a WebAssembly instance's own, and goes with that: QuickJS itself
   * cannot be asked to free what a plugin's broken-off promises still hold, it aborts.
   */
  end(): void {
    this.#alive = false;
  }

  /** Jobs of promises run when the outermost call is over, as in any realm. */
  #enter<T>(run: () => T): T {
    this.#depth++;
    try {
      return run();
    } finally {
      if (--this.#depth === 0 && this.#alive) {
        const result = this.#vm.runtime.executePendingJobs();
        if (result.error) result.error.dispose();
        else result.dispose();
      }
    }
  }

  #answer(json: QuickJSHandle, bytes: QuickJSHandle): QuickJSHandle {
    this.#depth++;
    try {
      const [call, ...args] = unpack(this.#vm.getString(json), this.#bytes(bytes)) as [string, ...unknown[]];
      return this.#crossing(this.#answerTo(call, args));
    } finally {
      this.#depth--;
    }
  }

  #answerTo(call: string, args: readonly unknown[]): object {
    try {
      const value = this.#answering(call, args);
      if (!(value instanceof Promise)) return { value };
      const later = ++this.#last;
      const settle = (answer: object): unknown => this.tell({ kind: "settle", later, answer });
      this.#track(
        value.then(
          (value) => settle({ value }),
          (error) => settle({ error: crossed(error) }),
        ),
      );
      return { later };
    } catch (error) {
      return { error: crossed(error) };
    }
  }

  #crossing(value: unknown): QuickJSHandle {
    const [json, bytes] = this.#out(value);
    const array = this.#vm.newArray();
    json.consume((handle) => this.#vm.setProp(array, 0, handle));
    bytes.consume((handle) => this.#vm.setProp(array, 1, handle));
    return array;
  }

  #out(value: unknown): [json: QuickJSHandle, bytes: QuickJSHandle] {
    const vm = this.#vm;
    const [json, parts] = pack(value);
    const array = vm.newArray();
    for (const [index, part] of parts.entries()) {
      vm.newArrayBuffer(part.slice().buffer).consume((buffer) => vm.setProp(array, index, buffer));
    }
    return [vm.newString(json), array];
  }

  #in(crossing: QuickJSHandle): unknown {
    const vm = this.#vm;
    const json = vm.getProp(crossing, 0).consume((handle) => vm.getString(handle));
    return unpack(
      json,
      vm.getProp(crossing, 1).consume((handle) => this.#bytes(handle)),
    );
  }

  #bytes(array: QuickJSHandle): readonly Uint8Array[] {
    const vm = this.#vm;
    const length = vm.getProp(array, "length").consume((handle) => vm.getNumber(handle));
    return Array.from({ length }, (_, index) =>
      vm.getProp(array, index).consume((part) => vm.getArrayBuffer(part).consume(({ value }) => value.slice())),
    );
  }
}

/** An error as it crosses; a text stays a text. */
function crossed(error: unknown): object | string {
  if (typeof error === "string") return error;
  const { name = "Error", message = String(error) } = error as Partial<Error>;
  return { name, message };
}
