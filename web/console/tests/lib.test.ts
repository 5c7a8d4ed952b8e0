import { describe, expect, test } from "vitest";
import { buildTranslate, type Message } from "../../shared/i18n/translate";
import { CONSOLE_MESSAGES } from "../i18n/console";
import { commandFor, SHORTCUTS } from "../lib/keys";
import { parseRoute, routeHash } from "../lib/route";
import { buildTimes } from "../lib/times";
import { heaviest, signed, strengthOf } from "../lib/weights";
import { customerName, duration, humanise, initial, urgency, wordsFor } from "../lib/words";

const t = buildTranslate(CONSOLE_MESSAGES.en, "en");

describe("keys", () => {
  const press = (key: string) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false });
  const place = { is_writing: false, is_dialog_open: false, has_single_keys: true };

  test("no key means two things", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("a letter is a command, in either case, but not with Ctrl and not while writing", () => {
    expect(commandFor(press("a"), place)).toBe("claim");
    expect(commandFor(press("A"), place)).toBe("claim");
    expect(commandFor({ ...press("a"), ctrlKey: true }, place)).toBeNull();
    expect(commandFor(press("a"), { ...place, is_writing: true })).toBeNull();
    expect(commandFor({ ...press("a"), isComposing: true }, place)).toBeNull();
  });

  test("Escape always goes back, but a dialog keeps it to itself", () => {
    expect(commandFor(press("Escape"), { ...place, is_writing: true, has_single_keys: false })).toBe("back");
    expect(commandFor(press("Escape"), { ...place, is_dialog_open: true })).toBeNull();
  });

  test("single keys can be switched off", () => {
    expect(commandFor(press("e"), { ...place, has_single_keys: false })).toBeNull();
  });
});

test("the address says where one is, and survives a round trip", () => {
  const route = { view: "bot", conversation_id: "01K/ä" } as const;
  expect(parseRoute(routeHash(route))).toEqual(route);
  expect(parseRoute("")).toEqual({ view: "waiting", conversation_id: null });
  expect(parseRoute("#/nowhere/x")).toEqual({ view: "waiting", conversation_id: null });
});

describe("words", () => {
  test("a wait is told in the unit that fits", () => {
    const of = (seconds: number) => duration(t, seconds * 1000);
    expect([0, 59, 60, 3599, 3600, 86_400].map(of)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "59 min",
      "1 h 0 min",
      "1 d",
    ]);
    expect([0, 119_999, 120_000, 300_000].map(urgency)).toEqual(["good", "good", "attention", "alarm"]);
  });

  test("a code without words of its own is shown in plain letters", () => {
    expect(wordsFor(t, "reason", "asked")).toBe("Asked for a person");
    expect(wordsFor(t, "reason", "moon_is_full")).toBe("moon is full");
    expect(humanise("return_item_form")).toBe("return item");
  });

  test("somebody unknown has a name one can say", () => {
    const nobody = { id: null, name: null, email: null, is_verified: false };
    expect(customerName(t, nobody, "01KATEST4F2K")).toBe("Visitor 4F2K");
    expect(initial("😀 Ann")).toBe("😀");
    expect(initial("陈琳")).toBe("陈");
  });

  test("both languages fill in the same names", () => {
    const names = (message: Message) => {
      const texts = typeof message === "string" ? [message] : Object.values(message);
      return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
    };
    for (const [key, message] of Object.entries(CONSOLE_MESSAGES.en))
      expect([key, names(CONSOLE_MESSAGES.zh[key as keyof typeof CONSOLE_MESSAGES.zh])]).toEqual([
        key,
        names(message),
      ]);
  });
});

test("a day is named from where the reader is", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const times = buildTimes(t, "en", ["en-GB"], () => now);
  expect(times.dayName("2026-11-22T11:00:00Z")).toBe("Today");
  expect(times.dayName("2026-11-21T11:00:00Z")).toBe("Yesterday");
  expect(times.dayName("2026-11-16T11:00:00Z")).toBe("Monday 16 November");
  expect(times.clock("no date")).toBe("");
});

describe("what words weigh", () => {
  test("is told in steps of the heaviest", () => {
    const most = heaviest([3, -0.9, 0.2]);
    expect([3, -2.1, -0.9, 0.2, 0].map((weight) => strengthOf(weight, most))).toEqual([3, 3, 1, 0, 0]);
  });

  test("is never made much of where nothing weighs much", () => {
    const most = heaviest([0.05, -0.02]);
    expect([0.05, -0.02].map((weight) => strengthOf(weight, most))).toEqual([0, 0]);
    expect(heaviest([])).toBeGreaterThan(0);
  });

  test("has a sign that is not a hyphen", () => {
    expect([signed(1.204), signed(-0.3)]).toEqual(["+1.20", "−0.30"]);
  });
});
