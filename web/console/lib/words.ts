/** Names and durations as people read them. */
import type { Translate } from "../../shared/i18n/translate";
import { type ConsoleKey, keyFor } from "../i18n/console";
import type { Customer, Summary } from "../wire/wire";

export type T = Translate<ConsoleKey>;

const SHORT_ID_CHARS = 4;

/** "return_item_form" is "return item" to people. */
export function humanise(code: string): string {
  return code
    .replace(/^(action|utter)_/, "")
    .replace(/_form$/, "")
    .replaceAll("_", " ");
}

/** Words for a code of the desk; a code that has none here is shown in plain letters. */
export function wordsFor(t: T, prefix: string, code: string): string {
  const key = keyFor(prefix, code);
  return key === null ? humanise(code) : t(key);
}

/** What a conversation is about: an intent, or a form that carries an intent's name. */
export function aboutWords(t: T, code: string): string {
  return wordsFor(t, "intent", code.replace(/_form$/, ""));
}

export function customerName(t: T, customer: Customer, conversation_id: string): string {
  return customer.name || customer.email || t("visitor", { id: conversation_id.slice(-SHORT_ID_CHARS) });
}

export function nameOf(t: T, summary: Summary): string {
  return customerName(t, summary.customer, summary.id);
}

/** One letter or sign for an avatar; surrogate pairs and CJK names stay whole. */
export function initial(name: string): string {
  return Array.from(name.trim())[0]?.toUpperCase() ?? "?";
}

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** A wait: "45 s", "12 min", "3 h 5 min", "2 d". */
export function duration(t: T, ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE_S) return t("seconds_short", { count: seconds });
  if (seconds < HOUR_S) return t("minutes_short", { count: Math.floor(seconds / MINUTE_S) });
  if (seconds >= DAY_S) return t("days_short", { count: Math.floor(seconds / DAY_S) });
  const hours = Math.floor(seconds / HOUR_S);
  return t("hours_short", { hours, minutes: Math.floor((seconds % HOUR_S) / MINUTE_S) });
}

export type Urgency = "good" | "attention" | "alarm";
export const ATTENTION_AFTER_MS = 120_000;
export const ALARM_AFTER_MS = 300_000;

export function urgency(waited_ms: number): Urgency {
  if (waited_ms >= ALARM_AFTER_MS) return "alarm";
  return waited_ms >= ATTENTION_AFTER_MS ? "attention" : "good";
}
