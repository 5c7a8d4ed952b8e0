/** The console's wire: what the desk answers agents over HTTP and sends them over the socket. */
import { type Entry as CustomerEntry, OWNER_KINDS, type OwnerKind, parseEntry } from "../../shared/wire";
import { Reader, UnknownFrame } from "../../shared/wire-reader";
import { parseTrace, type Trace } from "./trace";

/** An entry with what only agents see. */
export interface Entry extends CustomerEntry {
  trace: Trace | null;
  /** A bot's reply that came after a person took over: kept for the agent, never shown to the customer. */
  is_draft: boolean;
}

export const PRESENCES = ["online", "busy", "away", "offline"] as const;
export type Presence = (typeof PRESENCES)[number];

export interface Agent {
  id: string;
  email: string;
  name: string;
  role: string;
  presence: Presence;
}

export interface Session {
  agent: Agent;
  csrf_token: string;
}

export interface Owner {
  kind: OwnerKind;
  agent_id: string | null;
  agent_name: string | null;
}

export interface Customer {
  id: string | null;
  name: string | null;
  email: string | null;
  is_verified: boolean;
}

export interface Handoff {
  reason: string;
  brief: string;
  interrupted_form: string | null;
  at: string;
}

export interface Viewer {
  agent_id: string;
  name: string;
}

export type LastEntry = Pick<Entry, "seq" | "kind" | "text" | "at" | "code" | "params">;

/** A conversation as a line of the list. */
export interface Summary {
  id: string;
  owner: Owner;
  /** Changes of the owner name the version they saw. */
  version: number;
  customer: Customer;
  channel: string;
  locale: string;
  last_entry: LastEntry | null;
  waiting_since: string | null;
  handoff: Handoff | null;
  unread: number;
  queue_position: number | null;
  created_at: string;
  viewers: readonly Viewer[];
  intent: string | null;
  is_shaky: boolean;
}

export interface Page<T> {
  items: readonly T[];
  next_cursor: string | null;
}

export const TICKET_STATUSES = ["new", "open", "pending", "solved", "closed"] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];
export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface Comment {
  id: number;
  author_name: string;
  body: string;
  is_public: boolean;
  at: string;
}

export interface Ticket {
  number: string;
  status: string;
  subject: string;
  kind: string;
  priority: string;
  conversation_id: string | null;
  customer: Customer;
  version: number;
  created_at: string;
  updated_at: string;
  comments: readonly Comment[];
}

export interface ConversationDetail {
  summary: Summary;
  entries: readonly Entry[];
  tickets: readonly Ticket[];
  /** Other conversations of the same customer, newest first. */
  earlier: readonly Summary[];
}

export interface Overview {
  waiting: number;
  mine: number;
  bot: number;
  closed_today: number;
  agents_online: number;
}

export type ServerFrame =
  | { type: "welcome"; agent: Agent }
  | { type: "summary"; summary: Summary }
  | { type: "entry"; conversation_id: string; entry: Entry }
  | {
      type: "typing";
      conversation_id: string;
      who: "customer" | "agent" | "bot";
      name: string | null;
      is_typing: boolean;
      ttl_seconds: number;
    }
  | { type: "viewers"; conversation_id: string; viewers: readonly Viewer[] }
  | { type: "presence"; agent: Agent }
  | { type: "read"; conversation_id: string; seq: number }
  | { type: "refused"; conversation_id: string | null; code: string; message: string }
  | { type: "resync"; conversation_id: string | null };

export type ClientFrame =
  | { type: "hello" }
  | { type: "watch"; conversation_id: string; after_seq: number }
  | { type: "unwatch"; conversation_id: string }
  | { type: "typing"; conversation_id: string; is_typing: boolean };

const DEFAULT_TYPING_TTL_SECONDS = 6;

export function parseAgentEntry(value: unknown, path = "entry"): Entry {
  const read = new Reader(value, path);
  return {
    ...parseEntry(value, path),
    trace: read.nestedOr("trace", parseTrace, null),
    is_draft: read.flagOr("is_draft", false),
  };
}

export function parseAgent(value: unknown, path = "agent"): Agent {
  const read = new Reader(value, path);
  return {
    id: read.text("id"),
    email: read.textOr("email", ""),
    name: read.text("name"),
    role: read.textOr("role", "agent"),
    presence: read.oneOf("presence", PRESENCES),
  };
}

export function parseSession(value: unknown): Session {
  const read = new Reader(value, "session");
  return { agent: read.nested("agent", parseAgent), csrf_token: read.text("csrf_token") };
}

export function parseOwner(value: unknown, path = "owner"): Owner {
  const read = new Reader(value, path);
  return {
    kind: read.oneOf("kind", OWNER_KINDS),
    agent_id: read.textOr("agent_id", null),
    agent_name: read.textOr("agent_name", null),
  };
}

export function parseCustomer(value: unknown, path: string): Customer {
  const read = new Reader(value, path);
  return {
    id: read.textOr("id", null),
    name: read.textOr("name", null),
    email: read.textOr("email", null),
    is_verified: read.flagOr("is_verified", false),
  };
}

function parseHandoff(value: unknown, path: string): Handoff {
  const read = new Reader(value, path);
  return {
    reason: read.textOr("reason", ""),
    brief: read.textOr("brief", ""),
    interrupted_form: read.textOr("interrupted_form", null),
    at: read.text("at"),
  };
}

function parseViewer(value: unknown, path: string): Viewer {
  const read = new Reader(value, path);
  return { agent_id: read.text("agent_id"), name: read.text("name") };
}

function parseLastEntry(value: unknown, path: string): LastEntry {
  const read = new Reader(value, path);
  return {
    seq: read.seq("seq"),
    kind: read.oneOf("kind", ["customer", "bot", "agent", "system", "note"]),
    text: read.textOr("text", ""),
    at: read.text("at"),
    code: read.textOr("code", null),
    params: read.object("params"),
  };
}

export function parseSummary(value: unknown, path = "summary"): Summary {
  const read = new Reader(value, path);
  return {
    id: read.text("id"),
    owner: read.nested("owner", parseOwner),
    version: read.seq("version"),
    customer: read.nested("customer", parseCustomer),
    channel: read.textOr("channel", "widget"),
    locale: read.textOr("locale", "en"),
    last_entry: read.nestedOr("last_entry", parseLastEntry, null),
    waiting_since: read.textOr("waiting_since", null),
    handoff: read.nestedOr("handoff", parseHandoff, null),
    unread: read.numberOr("unread", 0),
    queue_position: read.numberOr("queue_position", null),
    created_at: read.text("created_at"),
    viewers: read.list("viewers", parseViewer),
    intent: read.textOr("intent", null),
    is_shaky: read.flagOr("is_shaky", false),
  };
}

function parsePage<T>(value: unknown, parse: (item: unknown, path: string) => T): Page<T> {
  const read = new Reader(value, "page");
  return { items: read.list("items", parse), next_cursor: read.textOr("next_cursor", null) };
}

export const parseSummaries = (value: unknown): Page<Summary> => parsePage(value, parseSummary);
export const parseTickets = (value: unknown): Page<Ticket> => parsePage(value, parseTicket);
export const parseAgents = (value: unknown): Page<Agent> => parsePage(value, parseAgent);

function parseComment(value: unknown, path: string): Comment {
  const read = new Reader(value, path);
  return {
    id: read.number("id"),
    author_name: read.nested("author", (author, at) => new Reader(author, at).text("name")),
    body: read.text("body"),
    is_public: read.flagOr("is_public", false),
    at: read.text("at"),
  };
}

export function parseTicket(value: unknown, path = "ticket"): Ticket {
  const read = new Reader(value, path);
  return {
    number: read.text("number"),
    status: read.text("status"),
    subject: read.text("subject"),
    kind: read.textOr("kind", ""),
    priority: read.textOr("priority", "normal"),
    conversation_id: read.textOr("conversation_id", null),
    customer: read.nested("customer", parseCustomer),
    version: read.seq("version"),
    created_at: read.text("created_at"),
    updated_at: read.text("updated_at"),
    comments: read.list("comments", parseComment),
  };
}

export function parseConversation(value: unknown): ConversationDetail {
  const read = new Reader(value, "conversation");
  return {
    summary: parseSummary(value, "conversation"),
    entries: read.list("entries", parseAgentEntry),
    tickets: read.list("tickets", parseTicket),
    earlier: read.list("earlier", parseSummary),
  };
}

export function parseEntryAnswer(value: unknown): Entry {
  return new Reader(value, "answer").nested("entry", parseAgentEntry);
}

export function parseEntries(value: unknown): Entry[] {
  return new Reader(value, "answer").list("entries", parseAgentEntry);
}

export function parseOverview(value: unknown): Overview {
  const read = new Reader(value, "overview");
  return {
    waiting: read.seq("waiting"),
    mine: read.seq("mine"),
    bot: read.seq("bot"),
    closed_today: read.seq("closed_today"),
    agents_online: read.seq("agents_online"),
  };
}

const SERVER_FRAMES: Record<ServerFrame["type"], (read: Reader) => ServerFrame> = {
  welcome: (read) => ({ type: "welcome", agent: read.nested("agent", parseAgent) }),
  summary: (read) => ({ type: "summary", summary: read.nested("summary", parseSummary) }),
  entry: (read) => ({
    type: "entry",
    conversation_id: read.text("conversation_id"),
    entry: read.nested("entry", parseAgentEntry),
  }),
  typing: (read) => ({
    type: "typing",
    conversation_id: read.text("conversation_id"),
    who: read.oneOf("who", ["customer", "agent", "bot"]),
    name: read.textOr("name", null),
    is_typing: read.flag("is_typing"),
    ttl_seconds: read.numberOr("ttl_seconds", DEFAULT_TYPING_TTL_SECONDS),
  }),
  viewers: (read) => ({
    type: "viewers",
    conversation_id: read.text("conversation_id"),
    viewers: read.list("viewers", parseViewer),
  }),
  presence: (read) => ({ type: "presence", agent: read.nested("agent", parseAgent) }),
  read: (read) => ({ type: "read", conversation_id: read.text("conversation_id"), seq: read.seq("seq") }),
  refused: (read) => ({
    type: "refused",
    conversation_id: read.textOr("conversation_id", null),
    code: read.text("code"),
    message: read.textOr("message", ""),
  }),
  resync: (read) => ({ type: "resync", conversation_id: read.textOr("conversation_id", null) }),
};

/** Parse one frame from the desk; throws WireError or UnknownFrame. */
export function parseServerFrame(value: unknown): ServerFrame {
  const read = new Reader(value, "frame");
  const type = read.text("type");
  if (!Object.hasOwn(SERVER_FRAMES, type)) throw new UnknownFrame(type);
  return SERVER_FRAMES[type as ServerFrame["type"]](read);
}
