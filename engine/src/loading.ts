import type { CallOptions } from "./call.ts";
import { controlNetGraphs } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import { checkBase, partsOf } from "./diffusion/loaded-base.ts";
import type { LoadRequest, Pipeline, PipelineDefaults } from "./engine.ts";
import type { GenerationParts } from "./generation.ts";
import { type BaseModel, openBase } from "./models/base.ts";
import { type ModelDefaults, openDefaults } from "./models/defaults.ts";
import { held } from "./models/held.ts";
import { fits, type NetModel, onBase, openNet } from "./models/net.ts";
import type { ModelSource } from "./models/source.ts";
import { checkCoverage } from "./models/weights.ts";
import { openPipeline } from "./pipeline.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What loading has from the engine that asks for it. */
export interface LoadingParts {
  /** Where a model lies that was asked for by name, or as it was given. */
  source(asked: ModelSource | string, what: string): ModelSource;
  runtime(): Promise<Runtime>;
  /** What sees in pictures. */
  readonly seeing: GenerationParts["seeing"];
  /** Bytes that a pipeline may keep from one generation for the next. */
  readonly keep: number;
  /** Told of a pipeline that was disposed. */
  onDispose(pipeline: Pipeline): void;
}

/** Opens a checkpoint and its nets, checks that they fit, and makes their pipeline. Closes all that it opened if it fails. */
export async function openPipelineOf(
  request: LoadRequest,
  parts: LoadingParts,
  options: CallOptions,
): Promise<Pipeline> {
  const opened: { close(): void }[] = [];
  try {
    const hold = (source: ModelSource): ModelSource => {
      const holding = held(source);
      opened.push(holding);
      return holding.source;
    };
    const source = hold(parts.source(request.base ?? "", "base"));
    const { facts } = request;
    const base = await openBase(source, { ...options, ...(facts ? { facts } : {}) });
    opened.push(base);
    checkBase(base);
    const defaults = await openDefaults(source, base, options);
    const nets = new Map<string, { readonly model: NetModel; readonly source: ModelSource }>();
    for (const [name, asked] of netsOf(request)) {
      const source = hold(parts.source(asked, `net "${name}"`));
      const file = await openNet(source, { ...options, like: base.unet.config });
      opened.push(file);
      const problem = fits(file.config, base.unet.config, base.vae.config);
      if (problem) throw netMisfit(name, problem, base, file);
      const model = file.difference ? onBase(file, base.unet.tensors) : file;
      checkCoverage(model.tensors, partsOf(Object.values(controlNetGraphs(model.config, "float32"))));
      nets.set(name, { model, source });
    }
    return await openPipeline(
      {
        base: { model: base, source },
        nets,
        defaults: pipelineDefaults(base, defaults),
        runtime: () => parts.runtime(),
        keep: parts.keep,
        seeing: parts.seeing,
        onDispose: (pipeline) => {
          for (const one of opened) one.close();
          parts.onDispose(pipeline);
        },
      },
      options,
    );
  } catch (error) {
    for (const one of opened) one.close();
    throw error;
  }
}

const netsOf = ({ nets = [] }: LoadRequest): [name: string, source: ModelSource | string][] =>
  Array.isArray(nets)
    ? (nets as readonly string[]).map((name) => [name, `controlnet/${name}`])
    : Object.entries(nets as Readonly<Record<string, ModelSource | string>>);

function netMisfit(name: string, problem: string, base: BaseModel, net: NetModel): UnderdrawError {
  return new UnderdrawError(
    "model-incompatible",
    `The net "${name}" does not fit ${base.name}: ${problem} Take a net of the same family as the checkpoint.`,
    { id: name, expected: base.name, actual: net.name },
  );
}

function pipelineDefaults(base: BaseModel, { canvas, steps, guidance }: ModelDefaults): PipelineDefaults {
  return { width: canvas, height: canvas, steps, guidance, multiple: vaeFactor(base.vae.config) };
}
