import { readJson, type Storage } from "./storage";
import { Reader, WireError } from "./wire-reader";

/** What a customer asked for and the desk has not acknowledged yet. */
export type OutboxBody =
  | { type: "post"; text: string }
  | { type: "post"; button: { seq: number; id: string }; title: string }
  | { type: "post"; starter: string; title: string }
  | { type: "rate"; seq: number; is_helpful: boolean | null }
  | { type: "request_person" }
  | { type: "leave_person" };

/** pending: on its way or waiting for the network. failed: shown as "not sent" with a retry. */
export type OutboxStatus = "pending" | "failed";

export interface OutboxItem {
  client_id: string;
  body: OutboxBody;
  created_ms: number;
  status: OutboxStatus;
  /** Why the desk refused it; null while nobody did. Only a refused item waits for the customer's retry. */
  refused_code: string | null;
}

const PREFIX = "outbox:";

/**
 * Unacknowledged messages, one storage key each, so that two tabs never overwrite each other's.
 *
 * Both tabs may send the same message after a reload; the desk stores a client id once and acknowledges it twice.
 */
export class Outbox {
  private readonly items = new Map<string, OutboxItem>();

  constructor(private readonly storage: Storage) {
    for (const key of storage.keys().filter((name) => name.startsWith(PREFIX))) {
      const item = readJson(storage, key, parseOutboxItem);
      if (item === null) storage.remove(key);
      else this.items.set(item.client_id, item);
    }
  }

  /** Everything unacknowledged, oldest first. */
  list(): OutboxItem[] {
    return [...this.items.values()].sort((a, b) => a.created_ms - b.created_ms);
  }

  /** The next item to send: the oldest one that the desk has not refused. */
  next(): OutboxItem | null {
    return this.list().find((item) => item.refused_code === null) ?? null;
  }

  get(client_id: string): OutboxItem | null {
    return this.items.get(client_id) ?? null;
  }

  put(item: OutboxItem): void {
    this.items.set(item.client_id, item);
    this.storage.set(PREFIX + item.client_id, JSON.stringify(item));
  }

  remove(client_id: string): void {
    this.items.delete(client_id);
    this.storage.remove(PREFIX + client_id);
  }

  clear(): void {
    for (const client_id of [...this.items.keys()]) this.remove(client_id);
  }
}

export function parseOutboxItem(value: unknown): OutboxItem {
  const read = new Reader(value, "outbox item");
  return {
    client_id: read.text("client_id"),
    body: read.nested("body", parseBody),
    created_ms: read.number("created_ms"),
    status: read.oneOf("status", ["pending", "failed"]),
    refused_code: read.textOr("refused_code", null),
  };
}

function parseBody(value: unknown, path: string): OutboxBody {
  const read = new Reader(value, path);
  const type = read.oneOf("type", ["post", "rate", "request_person", "leave_person"]);
  if (type === "rate") return { type, seq: read.seq("seq"), is_helpful: read.flagOr("is_helpful", null) };
  if (type !== "post") return { type };
  if (read.has("text")) return { type, text: read.text("text") };
  if (read.has("starter")) return { type, starter: read.text("starter"), title: read.text("title") };
  if (!read.has("button")) throw new WireError(path, "a text, a starter or a button");
  const button = read.nested("button", (inner, at) => {
    const fields = new Reader(inner, at);
    return { seq: fields.seq("seq"), id: fields.text("id") };
  });
  return { type, button, title: read.text("title") };
}

/** What an item shows as in the log; null for a wish that is not a message. */
export function outboxText(body: OutboxBody): string | null {
  if (body.type !== "post") return null;
  return "text" in body ? body.text : body.title;
}
