import { type Locale, regionOf } from "../shared/i18n/locale";
import { buildTranslate, type Translate } from "../shared/i18n/translate";
import { WIDGET_MESSAGES, type WidgetKey } from "../shared/i18n/widget";
import type { Entry } from "../shared/wire";

/** How one language says and writes things; everything that is drawn takes its words from here. */
export interface Voice {
  locale: Locale;
  t: Translate<WidgetKey>;
  /** "14:05". */
  time(at: Date): string;
  /** "Today", "Yesterday", "Monday, 3 November". */
  day(at: Date, now: Date): string;
  /** "3 Nov 2026". */
  date(at: Date): string;
}

export function buildVoice(locale: Locale, preferred: readonly string[]): Voice {
  const region = regionOf(locale, preferred);
  const time = new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit" });
  const date = new Intl.DateTimeFormat(region, { day: "numeric", month: "short", year: "numeric" });
  const this_year = new Intl.DateTimeFormat(region, { weekday: "long", day: "numeric", month: "long" });
  const t = buildTranslate(WIDGET_MESSAGES[locale], locale);
  return {
    locale,
    t,
    time: (at) => time.format(at),
    date: (at) => date.format(at),
    day: (at, now) => {
      const days = daysBetween(at, now);
      if (days === 0) return t("today");
      if (days === 1) return t("yesterday");
      return at.getFullYear() === now.getFullYear() ? this_year.format(at) : date.format(at);
    },
  };
}

function daysBetween(at: Date, now: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

/** "Sofie" of "Sofie van den Berg": customers know agents by first name. CJK names stay whole. */
export function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

/** Up to two letters for the round picture. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  return words.length === 0
    ? "?"
    : [words[0], words.length > 1 ? words.at(-1) : ""]
        .map((word) => [...(word ?? "")][0] ?? "")
        .join("")
        .toUpperCase();
}

const STATUS_KEYS: Record<string, WidgetKey> = {
  new: "status_new",
  open: "status_open",
  pending: "status_pending",
  solved: "status_solved",
  resolved: "status_resolved",
  closed: "status_ticket_closed",
};

/** The sentence for a system entry; a code that this version does not know shows the desk's own English text. */
export function systemText(entry: Entry, voice: Voice, assistant_name: string): string {
  const text = (name: string) => {
    const value = entry.params[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const assistant = assistant_name || voice.t("assistant");
  const name = firstName(text("name"));
  const number = text("number") || text("ticket");
  switch (entry.code) {
    case "queue_joined":
      return voice.t("system_queue_joined");
    case "agent_joined":
      return voice.t("system_agent_joined", { name: name || voice.t("agent") });
    case "agent_left":
      return name ? voice.t("system_agent_left", { name }) : voice.t("system_agent_left_unnamed");
    case "returned_to_bot":
      return voice.t("system_returned_to_bot", { assistant });
    case "conversation_closed":
      return voice.t("system_conversation_closed");
    case "taking_longer":
      return voice.t("system_taking_longer");
    case "apology":
      return voice.t("system_apology");
    case "rate_limited":
      return voice.t("system_rate_limited");
    case "ticket_opened":
      return number ? voice.t("system_ticket_opened", { number }) : entry.text;
    case "ticket_updated": {
      const status = STATUS_KEYS[text("status")];
      return number
        ? voice.t("system_ticket_updated", { number, status: status ? voice.t(status) : text("status") })
        : entry.text;
    }
    case "nobody_available": {
      const hours = text("hours");
      if (!number) return entry.text;
      return hours
        ? voice.t("system_nobody_available_hours", { ticket: number, hours })
        : voice.t("system_nobody_available", { ticket: number });
    }
    default:
      return entry.text;
  }
}
