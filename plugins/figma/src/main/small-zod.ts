// What main is built with in the place of "zod/mini" (bundles.mjs), which would be a third of all that main may be. The
// source is written and type-checked against zod, and in Node it runs on zod; this file holds only the two functions that
// main's schemas use, with the same verdicts, values and paths of issues: test/plugins/figma/small-zod.test.ts reads the
// same messages with both. Another function of zod in main's sources fails the build, and belongs here.

interface Issue {
  readonly path: readonly string[];
}

type Read =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly data?: never; readonly error: { readonly issues: readonly Issue[] } };

interface Schema {
  safeParse(value: unknown): Read;
}

const refused = (issues: readonly Issue[]): Read => ({ success: false, error: { issues } });

/** Takes what the function is true for; everything without one. */
export const custom = (is: (value: unknown) => unknown = () => true): Schema => ({
  safeParse: (data) => (is(data) ? { success: true, data } : refused([{ path: [] }])),
});

/** Takes an object whose members are taken, and gives one with these members only. */
export const object = (members: Readonly<Record<string, Schema>>): Schema => ({
  safeParse: (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return refused([{ path: [] }]);
    const data: Record<string, unknown> = {};
    const issues: Issue[] = [];
    for (const [key, member] of Object.entries(members)) {
      const read = member.safeParse((value as Readonly<Record<string, unknown>>)[key]);
      // A member has to be there, even one that may be undefined.
      if (!(key in value)) issues.push({ path: [key] });
      else if (read.success) data[key] = read.data;
      else issues.push(...read.error.issues.map(({ path }) => ({ path: [key, ...path] })));
    }
    return issues.length > 0 ? refused(issues) : { success: true, data };
  },
});
