/** A text in which `{name}` stands for a value; in several forms where it counts something by `{n}`. */
export type Message = string | ({ readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** What the placeholders of a message stand for. Numbers are written as the language writes them. */
export type Values = Readonly<Record<string, string | number>>;

/** Gives the speaker of a language: a text by its key, with its values filled in. A value that is missing stays a placeholder. */
export function speak<Key extends string>(
  language: string,
  messages: Readonly<Record<Key, Message>>,
): (key: Key, values?: Values) => string {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const message = messages[key];
    const text = typeof message === "string" ? message : (message[plural.select(Number(values["n"]))] ?? message.other);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === "number" ? number.format(value) : (value ?? whole);
    });
  };
}
