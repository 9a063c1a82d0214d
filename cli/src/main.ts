#!/usr/bin/env node
import { runCommandLine } from "./command-line.ts";
import { exitCodes } from "./failure.ts";

// Ties the command line to the process. The first Ctrl-C stops the work at its next step; the second one does not wait
// for that. Neither leaves half a file: what is not yet in its place is taken away.

const stopping = new AbortController();
const stop = (): void => {
  if (stopping.signal.aborted) process.exit(exitCodes.stopped);
  stopping.abort(new DOMException("Stopped.", "AbortError"));
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

// A reader that goes away (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopping.signal,
});
