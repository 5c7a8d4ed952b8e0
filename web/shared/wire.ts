/** The widget's wire: what the desk sends and what a customer's page may send. Entries are shared with the console. */
import { type JsonObject, Reader, UnknownFrame } from "./wire-reader";

export const ENTRY_KINDS = ["customer", "bot", "agent", "system", "note"] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface Author {
  id: string;
  name: string;
}

export interface Button {
  id: string;
  title: string;
}

export interface Source {
  title: string;
  url: string;
  section: string | null;
  updated: string | null;
}

export interface Entry {
  seq: number;
  client_id: string | null;
  kind: EntryKind;
  text: string;
  /** ISO 8601, UTC. */
  at: string;
  author: Author | null;
  buttons: readonly Button[];
  sources: readonly Source[];
  /** Set on system entries; `text` is then the English fallback. */
  code: string | null;
  params: JsonObject;
  answered_button: string | null;
  /** Whether the customer found the answer helpful; null while they did not say. */
  is_helpful: boolean | null;
}

export const OWNER_KINDS = ["bot", "queue", "agent", "closed"] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export interface Owner {
  kind: OwnerKind;
  agent_name: string | null;
  position: number | null;
  wait_minutes: number | null;
}

export interface Settings {
  brand_name: string;
  assistant_name: string;
  brand_color: string | null;
  greeting: string;
  starters: readonly Button[];
  max_message_chars: number;
  locale: string;
}

export interface SessionGrant {
  token: string;
  conversation_id: string;
  expires_at: string;
  settings: Settings;
}

export type ServerFrame =
  | { type: "welcome"; conversation_id: string; owner: Owner; last_seq: number; heartbeat_seconds: number }
  | { type: "entry"; entry: Entry }
  | { type: "ack"; client_id: string; seq: number }
  | {
      type: "refused";
      code: string;
      message: string;
      retry_after_seconds: number | null;
      client_id: string | null;
    }
  | { type: "typing"; who: "bot" | "agent"; is_typing: boolean; ttl_seconds: number }
  | { type: "owner"; owner: Owner }
  | { type: "read"; seq: number }
  | { type: "pong" }
  | { type: "resync" };

/** What a client says, without the envelope (id, sent_at) that `encodeFrame` adds. */
export type ClientFrame =
  | { type: "hello"; token: string; after_seq: number }
  | { type: "post"; client_id: string; text: string }
  | { type: "post"; client_id: string; button: { seq: number; id: string } }
  | { type: "post"; client_id: string; starter: string }
  | { type: "typing"; is_typing: boolean }
  | { type: "read"; seq: number }
  | { type: "rate"; client_id: string; seq: number; is_helpful: boolean | null }
  | { type: "request_person"; client_id: string }
  | { type: "leave_person"; client_id: string }
  | { type: "ping" };

export const DEFAULT_HEARTBEAT_SECONDS = 25;
export const DEFAULT_TYPING_TTL_SECONDS = 10;
export const DEFAULT_MAX_MESSAGE_CHARS = 2000;

export function parseAuthor(value: unknown, path = "author"): Author {
  const read = new Reader(value, path);
  return { id: read.textOr("id", ""), name: read.text("name") };
}

export function parseButton(value: unknown, path = "button"): Button {
  const read = new Reader(value, path);
  return { id: read.text("id"), title: read.text("title") };
}

export function parseSource(value: unknown, path = "source"): Source {
  const read = new Reader(value, path);
  return {
    title: read.text("title"),
    url: read.text("url"),
    section: read.textOr("section", null),
    updated: read.textOr("updated", null),
  };
}

export function parseEntry(value: unknown, path = "entry"): Entry {
  const read = new Reader(value, path);
  return {
    seq: read.seq("seq"),
    client_id: read.textOr("client_id", null),
    kind: read.oneOf("kind", ENTRY_KINDS),
    text: read.textOr("text", ""),
    at: read.text("at"),
    author: read.nestedOr("author", parseAuthor, null),
    buttons: read.list("buttons", parseButton),
    sources: read.list("sources", parseSource),
    code: read.textOr("code", null),
    params: read.object("params"),
    answered_button: read.textOr("answered_button", null),
    is_helpful: read.flagOr("is_helpful", null),
  };
}

export function parseOwner(value: unknown, path = "owner"): Owner {
  const read = new Reader(value, path);
  return {
    kind: read.oneOf("kind", OWNER_KINDS),
    agent_name: read.textOr("agent_name", null),
    position: read.numberOr("position", null),
    wait_minutes: read.numberOr("wait_minutes", null),
  };
}

export function parseSettings(value: unknown, path = "settings"): Settings {
  const read = new Reader(value, path);
  return {
    brand_name: read.textOr("brand_name", ""),
    assistant_name: read.textOr("assistant_name", ""),
    brand_color: read.textOr("brand_color", null),
    greeting: read.textOr("greeting", ""),
    starters: read.list("starters", parseButton),
    max_message_chars: read.numberOr("max_message_chars", DEFAULT_MAX_MESSAGE_CHARS),
    locale: read.textOr("locale", "en"),
  };
}

export function parseSessionGrant(value: unknown): SessionGrant {
  const read = new Reader(value, "session");
  return {
    token: read.text("token"),
    conversation_id: read.text("conversation_id"),
    expires_at: read.textOr("expires_at", ""),
    settings: read.nested("settings", parseSettings),
  };
}

const SERVER_FRAMES: Record<ServerFrame["type"], (read: Reader) => ServerFrame> = {
  welcome: (read) => ({
    type: "welcome",
    conversation_id: read.text("conversation_id"),
    owner: read.nested("owner", parseOwner),
    last_seq: read.seq("last_seq"),
    heartbeat_seconds: read.numberOr("heartbeat_seconds", DEFAULT_HEARTBEAT_SECONDS),
  }),
  entry: (read) => ({ type: "entry", entry: read.nested("entry", parseEntry) }),
  ack: (read) => ({ type: "ack", client_id: read.text("client_id"), seq: read.seq("seq") }),
  refused: (read) => ({
    type: "refused",
    code: read.text("code"),
    message: read.textOr("message", ""),
    retry_after_seconds: read.numberOr("retry_after_seconds", null),
    client_id: read.textOr("client_id", null),
  }),
  typing: (read) => ({
    type: "typing",
    who: read.oneOf("who", ["bot", "agent"]),
    is_typing: read.flag("is_typing"),
    ttl_seconds: read.numberOr("ttl_seconds", DEFAULT_TYPING_TTL_SECONDS),
  }),
  owner: (read) => ({ type: "owner", owner: read.nested("owner", parseOwner) }),
  read: (read) => ({ type: "read", seq: read.seq("seq") }),
  pong: () => ({ type: "pong" }),
  resync: () => ({ type: "resync" }),
};

/** Parse one frame from the desk; throws WireError or UnknownFrame. */
export function parseServerFrame(value: unknown): ServerFrame {
  const read = new Reader(value, "frame");
  const type = read.text("type");
  if (!Object.hasOwn(SERVER_FRAMES, type)) throw new UnknownFrame(type);
  return SERVER_FRAMES[type as ServerFrame["type"]](read);
}

/** The answer to one long poll. */
export interface PollAnswer {
  entries: Entry[];
  owner: Owner;
  last_seq: number;
  agent_read_seq: number;
}

export function parsePollAnswer(value: unknown): PollAnswer {
  const read = new Reader(value, "poll");
  return {
    entries: read.list("entries", parseEntry),
    owner: read.nested("owner", parseOwner),
    last_seq: read.seq("last_seq"),
    agent_read_seq: read.numberOr("agent_read_seq", 0),
  };
}

/** Put a frame into its envelope; `id` and `now_ms` come from the caller. */
export function encodeFrame(frame: { type: string }, id: string, now_ms: number): string {
  return JSON.stringify({ ...frame, id, sent_at: new Date(now_ms).toISOString() });
}
