import {
  blobFile,
  type DownloadPlan,
  Engine,
  type ModelFolder,
  type ModelStore,
  opfsStore,
  pickFolder,
} from "@underdraw/engine";

// #region browser
/** Loads a model from its address: fetched once, and only when the person agrees to what it costs. */
export async function loadFromAddress(
  engine: Engine,
  address: string,
  agree: (plan: DownloadPlan) => Promise<boolean>,
  bar: HTMLProgressElement,
  signal: AbortSignal,
) {
  const store = await opfsStore();
  const plan = await store.plan(address, { signal }); // nothing is fetched yet
  if (plan.missing !== 0) {
    if (!(await agree(plan))) return null; // plan.missing bytes, of which plan.space.missing have no room
    await store.persist();
  }
  await store.download(plan, { signal, onProgress: ({ fraction }) => (bar.value = fraction) });
  return engine.load({ base: await store.open(plan.address) }, { signal });
}
// #endregion

// #region dropped
/** Loads the file that a person drops: it is read where it lies, and nothing is copied. */
export async function loadDropped(engine: Engine, event: DragEvent) {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  return file ? engine.load({ base: blobFile(file) }) : null;
}
// #endregion

// #region folder
/** Lets a person choose a model's folder; null when the dialog is closed. Call it while a click is answered. */
export async function chooseModel(): Promise<ModelFolder | null> {
  return pickFolder();
}
// #endregion

// #region node
/** Draws with a model of a Hugging Face repository. In Node the store is `await nodeStore()` of "@underdraw/engine/node". */
export async function drawFromHub(store: ModelStore, repository: string, prompt: string) {
  const plan = await store.plan(`hf:${repository}`);
  console.info(`${plan.name}: ${plan.files.length} files, ${plan.missing} of ${plan.bytes} bytes to fetch`);
  await store.download(plan);
  await using engine = new Engine();
  const pipeline = await engine.load({ base: await store.open(plan.address) });
  return pipeline.generate({ prompt, controls: [] });
}
// #endregion
