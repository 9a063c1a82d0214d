/** What a worker of this page can do. */
export interface WorkerFacts {
  readonly webgpu: boolean;
}

/** Says to the page what it can do, and ends. */
const script = `postMessage({ webgpu: typeof navigator === "object" && "gpu" in navigator }); close();`;

/** Starts a worker from text, as a page without a server can. */
export function startWorker(text: string): Worker {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(address);
  // The address may go once the script has been read: at the worker's first word at the latest.
  worker.addEventListener("message", () => URL.revokeObjectURL(address), { once: true });
  return worker;
}

/** Finds out whether this page can start workers, by starting one; null where it cannot. */
export async function checkWorker(timeoutMs = 3000): Promise<WorkerFacts | null> {
  let worker: Worker;
  try {
    worker = startWorker(script);
  } catch {
    return null; // forbidden by a policy, or there are none
  }
  try {
    return await new Promise((resolve) => {
      const ending = setTimeout(() => resolve(null), timeoutMs);
      const end = (facts: WorkerFacts | null): void => {
        clearTimeout(ending);
        resolve(facts);
      };
      worker.onmessage = ({ data }) => end({ webgpu: data.webgpu === true });
      worker.onerror = () => end(null);
    });
  } finally {
    worker.terminate();
  }
}
