import type { CallOptions } from "../call.ts";
import type { BaseModel } from "./base.ts";
import type { ModelSource } from "./source.ts";

/** An open LoRA. */
export interface Lora {
  readonly name: string;
  /** Closes its file. May be called twice. */
  close(): void;
}

/** A LoRA and how strongly it acts on the UNet and on the text encoder. */
export interface LoraUse {
  readonly lora: Lora;
  readonly weight: number;
  readonly textWeight: number;
}

/** Opens a LoRA: not built yet. */
export async function openLora(source: ModelSource, _options: CallOptions = {}): Promise<Lora> {
  throw new RangeError(`LoRAs are not run yet: ${source.name}.`);
}

/** The base with LoRAs added while its weights are read. */
export function withLoras(base: BaseModel, uses: readonly LoraUse[]): BaseModel {
  if (uses.length > 0) throw new RangeError("LoRAs are not run yet.");
  return base;
}
