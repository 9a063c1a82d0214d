import type { LoadedNet } from "./controlnet/net.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import type { LoadedTinyVae } from "./diffusion/preview.ts";
import { type MemoryPhase, type MemoryThrift, type PartName, partsIn } from "./memory-plan.ts";
import type { Network } from "./runtime/network.ts";

/** Networks that are open, of a pipeline. */
interface OpenParts {
  readonly base: Pick<LoadedBase, "networks">;
  readonly nets: ReadonlyMap<string, Pick<LoadedNet, "pieces">>;
  readonly previews: Pick<LoadedTinyVae, "decoder"> | null;
}

/** Gives back the memory of the parts that a phase of a generation does without. */
export async function parkFor(phase: MemoryPhase, thrift: MemoryThrift, parts: OpenParts): Promise<void> {
  if (thrift === "all") return;
  const needed = partsIn(thrift, phase);
  for (const [part, network] of networksOf(parts)) if (!needed.has(part)) await network.park();
}

function* networksOf({ base, nets, previews }: OpenParts): Generator<readonly [PartName, Network]> {
  for (const [name, network] of base.networks()) yield [partOf(name), network];
  for (const net of nets.values()) for (const network of Object.values(net.pieces)) yield ["nets", network];
  if (previews) yield ["previews", previews.decoder];
}

/** The part that a network of a checkpoint belongs to, by its name. */
function partOf(name: string): PartName {
  if (name.startsWith("text")) return "text encoder";
  if (name === "vae_encoder") return "VAE encoder";
  return name === "vae_decoder" ? "VAE decoder" : "UNet";
}
