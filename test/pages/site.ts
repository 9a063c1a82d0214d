import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rollup } from "rollup";
import configs from "../../rollup.config.js";
import { serve } from "../../scripts/serve.mjs";

/** A built example behind a server, until it is closed. */
export interface Site {
  /** The page's address, which lies below the server's root. */
  readonly address: string;
  readonly origin: string;
  close(): Promise<void>;
}

/** Builds an example as `npm run build` does, into a folder of its own, and serves it some folders below the root. */
export async function openSite(name: string): Promise<Site> {
  const config = configs.find(({ output }) => "dir" in output && output.dir === `out/${name}`);
  if (!config) throw new Error(`rollup.config.js builds no out/${name}.`);
  const root = await mkdtemp(join(tmpdir(), `${name}-`));
  const bundle = await rollup(config as Parameters<typeof rollup>[0]);
  await bundle.write({ ...(config.output as object), sourcemap: false, dir: join(root, "some", "where") });
  await bundle.close();
  const server = (await serve(root, 0)) as Server;
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    address: `${origin}/some/where/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(root, { recursive: true });
    },
  };
}
