import type { CallOptions } from "../call.ts";
import type { VaeConfig } from "../graph/config.ts";
import type { BaseModel, ModelPart } from "./base.ts";
import type { ModelSource } from "./source.ts";

/** An open VAE. */
export interface VaeModel extends ModelPart<VaeConfig> {
  readonly name: string;
  /** Closes its files. May be called twice. */
  close(): void;
}

/** Opens a VAE of its own: not built yet. */
export async function openVae(source: ModelSource, _options: CallOptions = {}): Promise<VaeModel> {
  throw new RangeError(`A VAE of its own is not read yet: ${source.name}.`);
}

/** The base with another VAE. */
export const withVae = (base: BaseModel, vae: VaeModel): BaseModel => ({ ...base, vae });
