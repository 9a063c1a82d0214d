import type { Pixels } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { type ConnectedHost, connectHost } from "@underdraw/sdk";
import { type EncodedPicture, type HostAdapter, type Picture, serveHost } from "@underdraw/sdk/host";
import { fakeHost, type HostKit, hostContract, portPair } from "@underdraw/sdk/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A host that gives and takes files, as a sandbox without a canvas does. */
function ofFiles(host: HostAdapter): HostAdapter<Picture> {
  const file = async (pixels: Pixels): Promise<EncodedPicture> => ({
    type: "image/png",
    bytes: await writePicture(pixels, { format: "png" }),
  });
  const read = async (picture: Picture): Promise<Pixels> => {
    if (!("bytes" in picture)) throw new TypeError("This host takes files.");
    return (await readPicture(picture.bytes)).pixels;
  };
  return {
    ...host,
    async capture(options, call) {
      const capture = await host.capture(options, call);
      if (!capture) return null;
      const { mask, pixels, ...rest } = capture;
      return { ...rest, pixels: await file(pixels), ...(mask && { mask: await file(mask) }) };
    },
    async place(title, layers, call) {
      const decoded = [];
      for (const { pixels, mask, ...rest } of layers)
        decoded.push({ ...rest, pixels: await read(pixels), ...(mask && { mask: await read(mask) }) });
      return host.place(title, decoded, call);
    },
  };
}

describe.each([
  ["bytes", "pixels"],
  ["json", "png"],
] as const)(
  "behind a port that carries %s, pictures placed as %s, the fake host keeps the contract:",
  (carries, pictures) => {
    const fake = fakeHost();
    let host: ConnectedHost;
    let kit: HostKit;

    beforeAll(async () => {
      const ports = portPair({ carries });
      serveHost(pictures === "png" ? ofFiles(fake) : fake, ports.host, { pictures });
      host = await connectHost(ports.panel);
      kit = { ...fake.kit, host };
    });
    afterAll(() => host.close());

    test.each(hostContract)("$name", async ({ run }) => {
      const outcome = await run(kit);
      if (outcome !== "passed")
        expect(outcome.skipped).toMatch(/whole units only|in the size of their bounds|have no masks/);
    });
  },
);
