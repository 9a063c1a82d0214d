import variant from "@jitl/quickjs-ng-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";

/** A new QuickJS with a memory of its own, from its compiled WebAssembly. */
export function openQuickjs(wasmModule: WebAssembly.Module): Promise<QuickJSWASMModule> {
  // Its types are those of its CommonJS form, in which the default is one level deeper.
  return newQuickJSWASMModuleFromVariant(newVariant(variant as unknown as QuickJSSyncVariant, { wasmModule }));
}
