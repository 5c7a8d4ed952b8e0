/** A sentence, or one per plural category; {names} in it are filled in. */
export type Message = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });
export type Params = Readonly<Record<string, string | number>>;
export type Translate<Key extends string> = (key: Key, params?: Params) => string;

/**
 * Build the lookup for one language. The plural category comes from the parameter `count`; numbers are written the
 * way the language writes them.
 */
export function buildTranslate<Key extends string>(
  catalogue: Readonly<Record<Key, Message>>,
  locale: string,
): Translate<Key> {
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return (key, params = {}) => {
    const message = catalogue[key];
    const text = typeof message === "string" ? message : pick(message, plural, params.count);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name];
      return typeof value === "number" ? number.format(value) : (value ?? whole);
    });
  };
}

function pick(message: Exclude<Message, string>, plural: Intl.PluralRules, count: unknown): string {
  const category = typeof count === "number" ? plural.select(count) : "other";
  return message[category] ?? message.other;
}
