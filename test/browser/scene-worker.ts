import { digest } from "../engine/scene-bytes.ts";

// What scene.test.ts asks of a worker: the drawing painted here.

digest().then(
  (hash) => postMessage({ hash }),
  (error) => postMessage({ failure: String(error) }),
);
