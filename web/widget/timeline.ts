import { type OutboxItem, outboxText } from "../shared/outbox";
import type { Button, Entry, Source } from "../shared/wire";

export type Sender = "customer" | "bot" | "agent";
export type MessageStatus = "sent" | "pending" | "failed";

export interface MessageView {
  /** Stays the same from "pending" to "sent", so that the bubble stays where it is. */
  key: string;
  seq: number | null;
  client_id: string | null;
  text: string;
  status: MessageStatus;
  refused_code: string | null;
  buttons: readonly Button[];
  answered_button: string | null;
  /** Whether the buttons can still be pressed. */
  is_open: boolean;
  sources: readonly Source[];
  is_helpful: boolean | null;
}

export interface GroupRow {
  type: "group";
  key: string;
  sender: Sender;
  name: string | null;
  at: Date;
  messages: MessageView[];
}

export interface DayRow {
  type: "day";
  key: string;
  at: Date;
}

/** A line about the conversation itself. boundary: who has it changed; ticket; attention: something went wrong; info. */
export interface LineRow {
  type: "line";
  key: string;
  tone: "boundary" | "ticket" | "attention" | "info";
  entry: Entry;
  at: Date;
  is_open: boolean;
}

export type Row = GroupRow | DayRow | LineRow;

const TONES: Record<string, LineRow["tone"]> = {
  queue_joined: "boundary",
  agent_joined: "boundary",
  agent_left: "boundary",
  returned_to_bot: "boundary",
  conversation_closed: "boundary",
  ticket_opened: "ticket",
  ticket_updated: "ticket",
  nobody_available: "ticket",
  apology: "attention",
  rate_limited: "attention",
};

/**
 * Build what the log shows: day lines, groups of one sender within one minute, and lines about the conversation.
 *
 * Unacknowledged messages come last, in the order they were written. Buttons stay open until the customer has written
 * something after them; "it takes longer" is dropped once something came after it.
 */
export function buildTimeline(
  entries: readonly Entry[],
  outbox: readonly OutboxItem[],
  has_person: boolean,
): Row[] {
  const own = outbox.filter((item) => outboxText(item.body) !== null);
  const last_customer_seq = entries.findLast((entry) => entry.kind === "customer")?.seq ?? 0;
  const builder = new TimelineBuilder();
  for (const entry of entries) {
    const is_open =
      !has_person && own.length === 0 && entry.seq > last_customer_seq && entry.answered_button === null;
    if (entry.kind !== "system")
      builder.addMessage(
        senderOf(entry),
        entry.author?.name ?? null,
        new Date(entry.at),
        fromEntry(entry, is_open),
      );
    else if (entry.code !== "taking_longer" || entry === entries.at(-1)) builder.addLine(entry, is_open);
  }
  for (const item of own) builder.addMessage("customer", null, new Date(item.created_ms), fromOutbox(item));
  return builder.rows;
}

class TimelineBuilder {
  readonly rows: Row[] = [];
  private day = "";

  addMessage(sender: Sender, name: string | null, at: Date, message: MessageView): void {
    this.addDay(at);
    const last = this.rows.at(-1);
    if (
      last?.type === "group" &&
      last.sender === sender &&
      last.name === name &&
      minuteOf(last.at) === minuteOf(at)
    ) {
      last.messages.push(message);
    } else {
      this.rows.push({ type: "group", key: `group-${message.key}`, sender, name, at, messages: [message] });
    }
  }

  addLine(entry: Entry, is_open: boolean): void {
    const at = new Date(entry.at);
    this.addDay(at);
    const tone = TONES[entry.code ?? ""] ?? "info";
    this.rows.push({ type: "line", key: `line-${entry.seq}`, tone, entry, at, is_open });
  }

  private addDay(at: Date): void {
    const day = `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;
    if (day === this.day) return;
    this.day = day;
    this.rows.push({ type: "day", key: `day-${day}`, at });
  }
}

function minuteOf(at: Date): number {
  return Math.floor(at.getTime() / 60_000);
}

function senderOf(entry: Entry): Sender {
  return entry.kind === "customer" || entry.kind === "agent" ? entry.kind : "bot";
}

function fromEntry(entry: Entry, is_open: boolean): MessageView {
  return {
    key: entry.kind === "customer" ? (entry.client_id ?? `seq-${entry.seq}`) : `seq-${entry.seq}`,
    seq: entry.seq,
    client_id: entry.client_id,
    text: entry.text,
    status: "sent",
    refused_code: null,
    buttons: entry.buttons,
    answered_button: entry.answered_button,
    is_open,
    sources: entry.sources,
    is_helpful: entry.is_helpful,
  };
}

function fromOutbox(item: OutboxItem): MessageView {
  return {
    key: item.client_id,
    seq: null,
    client_id: item.client_id,
    text: outboxText(item.body) ?? "",
    status: item.status,
    refused_code: item.refused_code,
    buttons: [],
    answered_button: null,
    is_open: false,
    sources: [],
    is_helpful: null,
  };
}
