/** Dates in the viewer's own zone and region. */
import { type Locale, regionOf } from "../../shared/i18n/locale";
import type { T } from "./words";

export interface Times {
  /** "14:05" */
  clock: (at: string) => string;
  /** "2026-11-22", only for comparing days. */
  dayOf: (at: string) => string;
  /** "Today", "Yesterday", "Monday, 16 November" */
  dayName: (at: string) => string;
  /** "14:05" today, "16 Nov" else. */
  short: (at: string) => string;
  /** "16 Nov 2026, 14:05" */
  full: (at: string) => string;
  date: (at: string) => string;
}

export function buildTimes(t: T, locale: Locale, preferred: readonly string[], now: () => number): Times {
  const region = regionOf(locale, preferred);
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(region, options);
    return (at: string | number) => {
      const date = new Date(at);
      return Number.isNaN(date.getTime()) ? "" : formatter.format(date);
    };
  };
  const clock = format({ hour: "2-digit", minute: "2-digit" });
  const day = format({ weekday: "long", day: "numeric", month: "long" });
  const short_day = format({ day: "numeric", month: "short" });
  const full = format({ dateStyle: "medium", timeStyle: "short" });
  const date = format({ dateStyle: "medium" });
  const iso = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
  const dayOf = (at: string | number) => {
    const parsed = new Date(at);
    return Number.isNaN(parsed.getTime()) ? "" : iso.format(parsed);
  };
  const DAY_MS = 86_400_000;
  return {
    clock,
    dayOf,
    dayName: (at) => {
      if (dayOf(at) === dayOf(now())) return t("today");
      return dayOf(at) === dayOf(now() - DAY_MS) ? t("yesterday") : day(at);
    },
    short: (at) => (dayOf(at) === dayOf(now()) ? clock(at) : short_day(at)),
    full,
    date,
  };
}
