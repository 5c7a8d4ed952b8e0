import { describe, expect, test } from "vitest";
import { LAUNCHER_MESSAGES } from "./launcher";
import { LOCALES, pickLocale, regionOf } from "./locale";
import { buildTranslate, type Message } from "./translate";
import { WIDGET_MESSAGES } from "./widget";

const CATALOGUES = { launcher: LAUNCHER_MESSAGES, widget: WIDGET_MESSAGES };

const forms = (message: Message): string[] =>
  typeof message === "string" ? [message] : Object.values(message);
const names = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();

describe.each(Object.entries(CATALOGUES))("the %s catalogue", (_, catalogue) => {
  test.each(LOCALES)("%s fills in what English fills in, and leaves nothing empty", (locale) => {
    for (const [key, english] of Object.entries(catalogue.en)) {
      const own = (catalogue[locale] as Record<string, Message>)[key];
      if (own === undefined) throw new Error(`${locale} lacks ${key}`);
      for (const text of forms(own)) {
        expect(text.trim(), key).not.toBe("");
        expect(names(text), key).toEqual(names(forms(english).at(-1) ?? ""));
      }
    }
  });

  test.each(LOCALES)("%s has the plural forms its language needs", (locale) => {
    const needed = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
    for (const [key, message] of Object.entries(catalogue[locale] as Record<string, Message>)) {
      if (typeof message === "object")
        expect(Object.keys(message).toSorted(), key).toEqual(needed.toSorted());
    }
  });
});

test("counts choose their form and are written in the language's digits", () => {
  const en = buildTranslate(WIDGET_MESSAGES.en, "en");
  expect(en("queue_wait", { count: 1 })).toContain("1 minute,");
  expect(en("queue_wait", { count: 1200 })).toContain("1,200 minutes");
  expect(buildTranslate(WIDGET_MESSAGES.zh, "zh")("new_messages", { count: 3 })).toBe("3 条新消息");
});

test("a parameter that looks like a placeholder stays as it is", () => {
  const en = buildTranslate(WIDGET_MESSAGES.en, "en");
  expect(en("system_agent_joined", { name: "{name} $& {assistant}" })).toBe("{name} $& {assistant} joined");
});

test.each([
  [["zh-Hans-CN"], "zh"],
  [["zh_CN"], "zh"],
  [["en-GB"], "en"],
  [[null, undefined, "auto", "", "de", "zh"], "zh"],
  [["de", "fr"], "en"],
  [[], "en"],
] as const)("of %j the widget speaks %s", (wanted, locale) => {
  expect(pickLocale(wanted)).toBe(locale);
});

test("the browser's region decides how times are written", () => {
  expect(regionOf("en", ["de-DE", "en-US"])).toBe("en-US");
  expect(regionOf("zh", ["en-US"])).toBe("zh-CN");
});
