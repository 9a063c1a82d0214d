import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { channelPort, connectHost, type MessageEndpoint } from "@underdraw/sdk";
import { type Port, serveHost } from "@underdraw/sdk/host";
import { portPair } from "@underdraw/sdk/testing";
import { noise, noiseHost } from "./measure/noise-host.ts";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// What a picture costs on the bridge between a host's sandbox and its panel: capture (host to panel) and place (panel to
// host) of RGBA pixels, in both encodings through a pair of ports in one thread, which is what the encodings cost, and
// over a real message channel to a thread of its own. Photoshop's channel adds its own time to JSON's.
//
//   node scripts/run.mjs bench/bridge.ts [--sides 1024,2048] [--rounds 5]

const { values } = parseArgs({
  options: { sides: { type: "string", default: "1024,2048" }, rounds: { type: "string", default: "5" } },
});
const sides = values.sides.split(",").map((side) => numberOption("sides", side, 1));
const rounds = numberOption("rounds", values.rounds, 1);
const load = loadNow();

const runner = fileURLToPath(new URL("../scripts/run.mjs", import.meta.url));
const thread = fileURLToPath(new URL("./measure/noise-worker.ts", import.meta.url));

interface Way {
  readonly name: string;
  readonly port: Port;
  close(): Promise<unknown>;
}

function inOneThread(carries: Port["carries"]): Way {
  const pair = portPair({ carries });
  serveHost(noiseHost, pair.host);
  return { name: `${carries}, one thread`, port: pair.panel, close: async () => pair.close() };
}

function toThread(): Way {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(runner, {
    argv: [thread],
    workerData: port2,
    transferList: [port2 as unknown as import("node:worker_threads").MessagePort],
  });
  return {
    name: "bytes, channel to a thread",
    port: channelPort(port1 as MessageEndpoint),
    close: () => worker.terminate(),
  };
}

const times = new Map<string, number[]>();
const timed = async (key: string, run: () => Promise<unknown>): Promise<void> => {
  const started = performance.now();
  await run();
  times.set(key, [...(times.get(key) ?? []), performance.now() - started]);
};

const rows: string[][] = [];
for (const make of [() => inOneThread("bytes"), () => inOneThread("json"), toThread]) {
  const way = make();
  const host = await connectHost(way.port, { timeoutMs: 60_000 });
  for (const side of sides) {
    const bounds = { x: 0, y: 0, width: side, height: side };
    const layers = [{ name: "noise", pixels: noise(side), bounds }];
    const calls = {
      capture: () => host.capture({ maxSide: side }),
      place: () => host.place("noise", layers),
    };
    for (const [name, call] of Object.entries(calls)) {
      const key = `${way.name} ${side} ${name}`;
      await call(); // warms up
      for (let round = 0; round < rounds; round++) await timed(key, call);
      const ms = median(times.get(key) ?? []);
      const bytes = 4 * side * side;
      rows.push([way.name, `${side} x ${side}`, name, milliseconds(ms), `${(bytes / 1e3 / ms).toFixed(0)} MB/s`]);
    }
  }
  host.close();
  await way.close();
}

console.log(machine("none", [`work      RGBA pixels, medians of ${rounds} rounds`], load));
console.log(table(["way", "picture", "call", "time", "pixels"], rows));
const last = sides.at(-1);
const of = (way: string): number => median(times.get(`${way}, one thread ${last} capture`) ?? []);
console.log(`ratio     time to capture ${last} x ${last}, json / bytes: ${(of("json") / of("bytes")).toFixed(2)}`);
