import { readJson, type Storage } from "../../shared/storage";
import { Reader } from "../../shared/wire-reader";

export type PostKind = "reply" | "note";

/** What an agent sent and the desk has not stored yet. `reason` is the desk's code once it failed. */
export interface OutboxItem {
  client_id: string;
  conversation_id: string;
  kind: PostKind;
  text: string;
  created_ms: number;
  status: "pending" | "failed";
  reason: string | null;
}

const PREFIX = "outbox:";

export function saveItem(storage: Storage, item: OutboxItem): void {
  storage.set(PREFIX + item.client_id, JSON.stringify(item));
}

export function forgetItem(storage: Storage, client_id: string): void {
  storage.remove(PREFIX + client_id);
}

/** What an earlier page left unsent, oldest first: shown as not sent, since nobody knows whether it arrived. */
export function loadItems(storage: Storage): OutboxItem[] {
  const keys = storage.keys().filter((key) => key.startsWith(PREFIX));
  const items = keys.map((key) => readJson(storage, key, parseItem)).filter((item) => item !== null);
  return items.sort((a, b) => a.created_ms - b.created_ms);
}

function parseItem(value: unknown): OutboxItem {
  const read = new Reader(value, "outbox item");
  return {
    client_id: read.text("client_id"),
    conversation_id: read.text("conversation_id"),
    kind: read.oneOf("kind", ["reply", "note"]),
    text: read.text("text"),
    created_ms: read.number("created_ms"),
    status: "failed",
    reason: "interrupted",
  };
}
