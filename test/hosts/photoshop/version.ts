/** True when a version, as "26.10", is that one or a later one. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Photoshop's versions and the UXP in them (Adobe's UXP changelogs). */
const uxps: readonly (readonly [photoshop: string, uxp: string])[] = [
  ["26.0", "8.0.1"],
  ["26.1", "8.1.0"],
  ["26.8", "8.3.0"],
  ["26.9", "8.4.0"],
  ["26.10", "9.0.0"],
  ["26.11", "9.0.2"],
  ["27.4", "9.2.0"],
];

/** The UXP in a version of Photoshop. */
export const uxpOf = (version: string): string =>
  uxps.filter(([photoshop]) => isAtLeast(version, photoshop)).at(-1)?.[1] ?? "8.0.1";
