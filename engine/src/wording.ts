import { en } from "zod/locales";
import * as z from "zod/mini";

/**
 * What a schema is read with where a person reads what was wrong: `schema.safeParse(value, inWords)`. zod/mini brings no
 * language and would say "Invalid input" of everything; so faults are told as the page has set zod to tell them, and in
 * English where it has set nothing. Nobody else's zod is changed.
 */
export const inWords: z.core.ParseContext<z.core.$ZodIssue> = {
  error: (issue) => {
    const { customError, localeError = en().localeError } = z.config();
    return customError?.(issue) ?? localeError?.(issue);
  },
};
