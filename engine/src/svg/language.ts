import { attribute, type SvgElement } from "./element.ts";

/** Whether an element is meant for this reader: of its language, without extensions. */
export function suits(element: SvgElement, language: string): boolean {
  if (attribute(element, "requiredExtensions") !== undefined) return false;
  const languages = attribute(element, "systemLanguage");
  if (languages === undefined) return true;
  return languages.split(",").some((one) => {
    const wanted = one.trim().toLowerCase();
    return wanted === language || wanted.startsWith(`${language}-`);
  });
}
