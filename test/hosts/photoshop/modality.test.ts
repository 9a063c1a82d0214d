import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inPlugin, openBare } from "./bare.ts";
import type { NodePhotoshop } from "./index.ts";

const outside = "The requested functionality is only allowed from inside a modal scope";

let ps: NodePhotoshop;
beforeEach(async () => {
  ps = await openBare();
  ps.open({ width: 40, height: 30, layers: [{ name: "Fox", fill: [255, 0, 0, 255] }] });
});
afterEach(() => ps.quit());

test.each([
  "app.activeDocument.createPixelLayer()",
  "app.activeDocument.layers[0].delete()",
  'app.activeDocument.layers[0].name = "Dog"',
  "app.activeDocument.selection.selectAll()",
  "app.createDocument()",
  "imaging.getPixels({})",
  "imaging.getSelection({})",
  'imaging.createImageDataFromBuffer(new Uint8Array(4), { width: 1, height: 1, components: 4, colorSpace: "RGB" })',
  'action.batchPlay([{ _obj: "make", _target: [{ _ref: "layer" }] }], {})',
])("outside of a modal scope, %s is refused", async (call) => {
  const before = ps.snapshot();
  const error = await inPlugin(ps, `return failure(async () => { await (${call}); })`);
  expect(error).toEqual({ message: outside, number: undefined });
  expect(ps.snapshot()).toBe(before);
});

test("reading properties, and commands that only get, need no modal scope", async () => {
  const code = `const [answer] = await action.batchPlay([{ _obj: "get", _target: { _ref: [{ _property: "opacity" },
    { _ref: "layer", _id: app.activeDocument.layers[0].id }] } }], {});
    return [app.activeDocument.width, app.activeDocument.layers[0].opacity, answer.opacity];`;
  expect(await inPlugin(ps, code)).toEqual([40, 100, 255]);
});

test("executeAsModal gives back the value and the very error of its function", async () => {
  expect(await inPlugin(ps, "return modal(async () => ({ answer: 42 }))")).toEqual({ answer: 42 });
  const same = await inPlugin(
    ps,
    `const mine = new RangeError("mine");
    try { await modal(async () => { throw mine; }); } catch (error) { return error === mine; }`,
  );
  expect(same).toBe(true);
  expect(await inPlugin(ps, "return failure(() => core.executeAsModal(async () => {}, {}))")).toMatchObject({
    message: expect.stringContaining("commandName"),
  });
});

test("a call that is not awaited comes too late", async () => {
  const code = `let late;
    await modal(async () => { late = app.activeDocument.createPixelLayer(); late.catch(() => {}); });
    return failure(() => late);`;
  expect(await inPlugin(ps, code)).toMatchObject({ message: outside });
  expect(ps.layers).toHaveLength(1);
});

describe("while another is modal", () => {
  test("the plugin waits, and is refused with number 9 and the owner's name", async () => {
    const release = ps.busy("com.adobe.other");
    const refused = await inPlugin(ps, "return failure(() => modal(async () => {}, { timeOut: 0.02 }))");
    expect(refused).toEqual({
      number: 9,
      message: expect.stringContaining("Plugin: com.adobe.other is running a modal command"),
    });
    const waiting = inPlugin(ps, 'return modal(async () => "in", { timeOut: 2 })');
    setTimeout(release, 20);
    expect(await waiting).toBe("in");
  });

  test("so it is while the editor itself is, until endModalToolState", async () => {
    ps.engage("transform");
    const code = "return failure(() => modal(async () => {}, { timeOut: 0.02 }))";
    expect(await inPlugin(ps, code)).toMatchObject({ number: 9, message: expect.stringContaining("transform") });
    expect(await inPlugin(ps, `await core.endModalToolState(true); ${code}`)).toBe(null);
  });

  test("a second scope of its own that was not awaited is told that the plugin blocks itself", async () => {
    const code = `const first = modal(() => new Promise((done) => setTimeout(done, 80)));
      const error = await failure(() => modal(async () => {}, { timeOut: 0.02 }));
      await first;
      return error;`;
    expect(await inPlugin(ps, code)).toMatchObject({ number: 9, message: expect.stringContaining("com.example.bare") });
  });

  test("a person can do nothing but cancel", async () => {
    const held = inPlugin(ps, "return modal(() => new Promise((done) => setTimeout(done, 50)))");
    await expect.poll(() => ps.modal, { interval: 1 }).toBe(true);
    expect(() => ps.undo()).toThrow("a person can do nothing now");
    await held;
  });
});

test("a scope inside a scope runs at once", async () => {
  const code = `return modal(async () => { await modal(async () => { app.activeDocument.layers[0].name = "Dog"; });
    return core.isModal(); })`;
  expect(await inPlugin(ps, code)).toBe(true);
  expect(ps.layers[0]?.name).toBe("Dog");
  expect(ps.problems).toEqual([]);
});

test("a scope that outlives the one it is in is a problem", async () => {
  const code = `let inner;
    await modal(async () => {
      inner = modal(() => new Promise((done) => setTimeout(done, 30)));
      await new Promise((done) => setTimeout(done, 5));
    });
    await inner;
    return core.isModal();`;
  expect(await inPlugin(ps, code)).toBe(false);
  expect(ps.problems).toEqual([expect.stringContaining("outlived")]);
});

test("nothing of the context can be spread, and a copied isCancelled stays as it was", async () => {
  const code = `return modal(async (context) => {
    const copied = { ...context };
    const { isCancelled } = context;
    context.onCancel = () => {};
    await new Promise((done) => setTimeout(done, 30));
    return [Object.keys(context), copied.hostControl === undefined, isCancelled, context.isCancelled];
  })`;
  const done = inPlugin(ps, code);
  await expect.poll(() => ps.modal, { interval: 1 }).toBe(true);
  ps.cancelModal();
  expect(await done).toEqual([[], true, false, true]);
});

test("after Escape every call throws, onCancel is called, and what was held goes back", async () => {
  const before = ps.snapshot();
  ps.cancelModal(3);
  const code = `const seen = [];
    const error = await failure(() => modal(async (context) => {
      context.onCancel = () => seen.push("onCancel");
      await context.hostControl.suspendHistory({ documentID: app.activeDocument.id, name: "Held" });
      await app.activeDocument.createPixelLayer({ name: "One" });
      app.activeDocument.layers[0].name = "Two";
      for (const call of [
        () => app.activeDocument.createPixelLayer({ name: "Three" }),
        () => { app.activeDocument.layers[0].name = "Four"; },
        () => action.batchPlay([{ _obj: "get", _target: { _ref: [{ _ref: "document", _id: app.activeDocument.id }] } }], {}),
        () => imaging.getPixels({}),
      ]) seen.push((await failure(async () => call()))?.number);
      throw new Error("stopped");
    }));
    return [seen, error.message];`;
  expect(await inPlugin(ps, code)).toEqual([["onCancel", -128, -128, -128, -128], "stopped"]);
  expect(ps.snapshot()).toBe(before);
  expect(ps.history.names).toEqual(["Open"]);
});

test("what a scope leaves suspended is committed at its end, and rolled back when it throws", async () => {
  const suspend = `await context.hostControl.suspendHistory({ documentID: app.activeDocument.id, name: "Held" });
    await app.activeDocument.createPixelLayer({ name: "One" });
    app.activeDocument.layers[0].opacity = 50;`;
  const before = ps.snapshot();
  await inPlugin(ps, `return failure(() => modal(async (context) => { ${suspend} throw new Error("no"); }))`);
  expect([ps.snapshot(), ps.history.names]).toEqual([before, ["Open"]]);
  await inPlugin(ps, `return modal(async (context) => { ${suspend} })`);
  expect(ps.history).toEqual({ names: ["Open", "Held"], current: 1 });
  expect(ps.undo()).toBe(true);
  expect(ps.snapshot()).toBe(before);
});

test("without a suspended history a scope that throws takes nothing back", async () => {
  const code = `return failure(() => modal(async () => {
    await app.activeDocument.createPixelLayer({ name: "One" });
    throw new Error("no");
  }))`;
  await inPlugin(ps, code);
  expect(ps.layers.map(({ name }) => name)).toEqual(["One", "Fox"]);
  expect(ps.history.names).toEqual(["Open", "New Layer"]);
});

test("resumeHistory renames by finalName, makes no state of nothing, and takes back without commit", async () => {
  const code = (work: string, end: string) => `return modal(async ({ hostControl }) => {
    const token = await hostControl.suspendHistory({ documentID: app.activeDocument.id, name: "Held" });
    ${work}
    ${end}
  })`;
  const before = ps.snapshot();
  await inPlugin(ps, code("", "await hostControl.resumeHistory(token);"));
  expect(ps.history.names).toEqual(["Open"]);
  const work = "await app.activeDocument.createPixelLayer();";
  await inPlugin(ps, code(work, "await hostControl.resumeHistory(token, false);"));
  expect([ps.snapshot(), ps.history.names]).toEqual([before, ["Open"]]);
  await inPlugin(ps, code(work, 'token.finalName = "Mine"; await hostControl.resumeHistory(token);'));
  expect(ps.history.names).toEqual(["Open", "Mine"]);
});

test("document.suspendHistory is the same in one word", async () => {
  const code = `await app.activeDocument.suspendHistory(async ({ document }) => {
    await document.createPixelLayer();
    await document.createPixelLayer();
  }, "Both");`;
  await inPlugin(ps, code);
  expect(ps.history.names).toEqual(["Open", "Both"]);
});

test("while an Action plays, history cannot be resumed", async () => {
  const stop = ps.playAction();
  const code = `return modal(async ({ hostControl }) => {
    const token = await hostControl.suspendHistory({ documentID: app.activeDocument.id, name: "Held" });
    return [token.historySuspensionID, await failure(() => hostControl.resumeHistory(token, true))];
  })`;
  expect(await inPlugin(ps, code)).toEqual([4294967295, { message: expect.any(String), number: undefined }]);
  stop();
});

test("documents that were registered close when the scope ends", async () => {
  const code = `return modal(async ({ hostControl }) => {
    const made = await app.createDocument({ width: 8, height: 8 });
    await hostControl.registerAutoCloseDocument(made.id);
    return app.documents.length;
  })`;
  expect(await inPlugin(ps, code)).toBe(2);
  expect(ps.documents).toHaveLength(1);
});

test("progress is kept", async () => {
  await inPlugin(ps, 'return modal(async (context) => context.reportProgress({ value: 0.5, commandName: "Half" }))');
  expect(ps.progress).toEqual([{ value: 0.5, commandName: "Half" }]);
});

describe("notifications", () => {
  const listen = `globalThis.heard = [];
    const hear = (name) => heard.push(name);
    await action.addNotificationListener(["make", "set", "select", "historyStateChanged"], hear);`;

  test("tell of what a person does, until the listener is taken away", async () => {
    await inPlugin(ps, `${listen} globalThis.hear = hear;`);
    ps.select({ left: 0, top: 0, right: 5, bottom: 5 });
    ps.activate("Fox");
    expect(await inPlugin(ps, "await 0; return new Promise((done) => setTimeout(() => done(heard), 10))")).toEqual([
      "set",
      "historyStateChanged",
      "select",
    ]);
    await inPlugin(
      ps,
      'await action.removeNotificationListener(["set", "historyStateChanged"], hear); heard.length = 0;',
    );
    ps.select(null);
    expect(await inPlugin(ps, "return new Promise((done) => setTimeout(() => done(heard), 10))")).toEqual([]);
  });

  test.each([
    [false, []],
    [true, ["make", "historyStateChanged"]],
  ])("of a modal scope that is interactive: %s, are %j", async (interactive, heard) => {
    const code = `${listen} await modal(() => app.activeDocument.createPixelLayer(), { interactive: ${interactive} });
      return new Promise((done) => setTimeout(() => done(heard), 10));`;
    expect(await inPlugin(ps, code)).toEqual(heard);
  });

  test('"all" is for developers', async () => {
    const code = 'return failure(() => action.addNotificationListener(["all"], () => {}))';
    expect(await inPlugin(ps, code)).toMatchObject({ message: expect.stringContaining("developer") });
    const developer = await openBare({ developer: true });
    expect(await inPlugin(developer, code)).toBe(null);
    await developer.quit();
  });
});
