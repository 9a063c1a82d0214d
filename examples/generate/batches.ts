import type { GenerateRequest, GenerateResult, Pipeline } from "@underdraw/engine";

// Several pictures of one request, each with its own random numbers.

// #region batch
/** The pictures that diffusers draws as one batch with one generator on the CPU. */
export async function drawBatch(pipeline: Pipeline, request: GenerateRequest, size: number): Promise<GenerateResult[]> {
  const drawn: GenerateResult[] = [];
  let { seed } = request;
  for (let index = 0; index < size; index++) {
    const result = await pipeline.generate({ ...request, ...(seed !== undefined && { seed }), batch: { index, size } });
    // A seed that nobody gave is the first picture's, and the whole batch's.
    seed = result.seed;
    drawn.push(result);
  }
  return drawn;
}
// #endregion

// #region variations
/** Pictures near the one of a seed, as A1111 draws them with "Variation strength" and its GPU's numbers. */
export async function drawNear(
  pipeline: Pipeline,
  request: GenerateRequest & { readonly seed: bigint },
  { first, count, strength }: { readonly first: bigint; readonly count: number; readonly strength: number },
): Promise<GenerateResult[]> {
  const drawn: GenerateResult[] = [];
  for (let i = 0n; i < count; i++)
    drawn.push(
      await pipeline.generate({
        ...request,
        rng: "cuda",
        sampler: "dpmpp-2m-karras",
        variation: { seed: first + i, strength },
      }),
    );
  return drawn;
}
// #endregion
