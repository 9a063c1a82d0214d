import { answer, type Outcome } from "./calls.ts";

// A page that does what it is asked, itself or in its worker.

const worker = new Worker("/worker.js", { type: "module" });

Object.assign(globalThis, {
  inPage: answer,
  inWorker: (call: string, given: unknown[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ call, given }, [port2]);
    }),
});
