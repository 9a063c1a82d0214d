/** A layer of an open document. Photoshop counts layers in each document anew, so that one number is not enough. */
export interface LayerAddress {
  readonly document: number;
  readonly layer: number;
}

/** The id that the SDK knows a layer by: "219:7". Good until Photoshop ends. */
export function formatLayerId({ document, layer }: LayerAddress): string {
  return `${document}:${layer}`;
}

/** Reads such an id; null for any other text. */
export function parseLayerId(id: string): LayerAddress | null {
  const [, document, layer] = /^(\d{1,15}):(\d{1,15})$/.exec(id) ?? [];
  return document !== undefined && layer !== undefined ? { document: Number(document), layer: Number(layer) } : null;
}
