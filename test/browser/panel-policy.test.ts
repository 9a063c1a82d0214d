import { expect, test } from "vitest";
import { mount, picture } from "./panel/stage.ts";

test("the panel needs neither inline styles nor style elements, and writes no HTML", async () => {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
  document.head.append(policy);
  const broken: string[] = [];
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, sample }) =>
    broken.push(`${effectiveDirective} ${sample}`),
  );
  const planted = document.createElement("p");
  planted.setAttribute("style", "color: red");
  document.body.append(planted);
  await expect.poll(() => broken).toHaveLength(1);

  const stage = mount();
  await expect.poll(() => stage.frame.querySelector(".ud-main")).not.toBeNull();
  await stage.host.kit.select(await picture("cat"), { x: 20, y: 20, width: 256, height: 256 });
  await expect.poll(() => stage.frame.querySelector(".ud-thumb canvas")).not.toBeNull();
  stage.frame.querySelector<HTMLElement>(".ud-open")?.click();
  stage.frame.querySelector<HTMLElement>(".ud-beside")?.click();
  stage.frame.querySelector<HTMLElement>(".ud-main")?.click();
  await expect.poll(() => stage.frame.querySelector(".ud-compare")).not.toBeNull();
  expect(getComputedStyle(stage.frame).backgroundColor).toBe("rgb(255, 255, 255)");
  await stage.panel.dispose();
  expect(broken).toEqual(["style-src-attr "]);
});
