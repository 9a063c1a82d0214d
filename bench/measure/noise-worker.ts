import { workerData } from "node:worker_threads";
import { channelPort, type MessageEndpoint } from "@underdraw/sdk";
import { serveHost } from "@underdraw/sdk/host";
import { noiseHost } from "./noise-host.ts";

// Serves the host of noise over the message port that the thread was given.

serveHost(noiseHost, channelPort(workerData as MessageEndpoint));
