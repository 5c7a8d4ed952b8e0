/** What one agent set for this browser. */
import { LOCALES, type Locale, pickLocale } from "../../shared/i18n/locale";
import { readJson, type Storage } from "../../shared/storage";
import { Reader } from "../../shared/wire-reader";

export const THEMES = ["auto", "light", "dark"] as const;
export type ThemeChoice = (typeof THEMES)[number];

export interface Preferences {
  theme: ThemeChoice;
  locale: Locale;
  has_sound: boolean;
  has_notifications: boolean;
  has_single_keys: boolean;
}

const KEY = "preferences";

export function loadPreferences(storage: Storage, languages: readonly string[]): Preferences {
  return (
    readJson(storage, KEY, parse) ?? {
      theme: "auto",
      locale: pickLocale(languages),
      has_sound: false,
      has_notifications: false,
      has_single_keys: true,
    }
  );
}

export function savePreferences(storage: Storage, preferences: Preferences): void {
  storage.set(KEY, JSON.stringify(preferences));
}

function parse(value: unknown): Preferences {
  const read = new Reader(value, "preferences");
  return {
    theme: read.oneOf("theme", THEMES),
    locale: read.oneOf("locale", LOCALES),
    has_sound: read.flag("has_sound"),
    has_notifications: read.flag("has_notifications"),
    has_single_keys: read.flag("has_single_keys"),
  };
}
