import { createPixels, type Pixels } from "@underdraw/engine/core";
import { type ConnectOptions, connectHost } from "@underdraw/sdk";
import { type Capture, type HostAdapter, type Picture, type ServeOptions, serveHost } from "@underdraw/sdk/host";
import { type PortPairOptions, portPair } from "@underdraw/sdk/testing";

/** Pixels of noise by a seed, with every alpha. */
export function noise(width: number, height: number, seed = 1): Pixels {
  const pixels = createPixels(width, height);
  let state = seed;
  for (let i = 0; i < pixels.data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    pixels.data[i] = state >>> 24;
  }
  return pixels;
}

/** Whether two pictures are the same to the byte: `toEqual` takes seconds for a million numbers. */
export const same = (one: Pixels | undefined, other: Pixels): boolean =>
  one?.width === other.width && one.height === other.height && bytesOf(one).equals(bytesOf(other));

const bytesOf = ({ data }: Pixels): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** A capture of noise, as large as asked. */
export const noisy = (maxSide: number): Capture => ({
  pixels: noise(maxSide, maxSide),
  bounds: { x: 0, y: 0, width: maxSide, height: maxSide },
});

/** A host that captures noise and places nothing, but for what is told otherwise. */
export function hostWith(own: Partial<HostAdapter<Picture>> = {}): HostAdapter<Picture> {
  return {
    version: 1,
    name: "fake",
    capture: async ({ maxSide }) => noisy(maxSide),
    place: async (_, layers) => layers.map(({ name }) => name),
    ...own,
  };
}

/** A host that is served through a pair of ports, and the panel's end of it, connected. */
export async function joined(
  own: Partial<HostAdapter<Picture>> = {},
  options: {
    readonly ports?: PortPairOptions;
    readonly serve?: ServeOptions;
    readonly connect?: ConnectOptions;
  } = {},
) {
  const pair = portPair(options.ports);
  const served = serveHost(hostWith(own), pair.host, options.serve);
  const host = await connectHost(pair.panel, options.connect);
  return { pair, served, host };
}

/** A promise with its handles, for hosts that wait until a test lets them go on. */
export function gate<T = void>() {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
