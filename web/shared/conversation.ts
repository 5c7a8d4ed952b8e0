import { readJson, type Storage } from "./storage";
import { type Entry, type Owner, parseEntry, parseOwner } from "./wire";
import { Reader } from "./wire-reader";

/** One conversation as this page knows it: entries by seq, ascending. Values are never changed in place. */
export interface ConversationLog {
  conversation_id: string;
  entries: readonly Entry[];
  owner: Owner;
  /** The newest seq the desk delivered: where a reconnect reads on. An own message is shown before it is delivered. */
  cursor: number;
  /** The newest seq the customer has seen. */
  read_seq: number;
  /** The newest seq the agent has seen. */
  agent_read_seq: number;
}

export const NO_OWNER: Owner = { kind: "bot", agent_name: null, position: null, wait_minutes: null };
/** Older entries stay at the desk; the local copy only has to fill the first screens. */
export const MAX_CACHED_ENTRIES = 200;
/** So many entries are kept on the page; nobody scrolls further up in a chat, and every one costs drawing. */
export const MAX_KEPT_ENTRIES = 500;

const CACHE_KEY = "log";

export function emptyLog(conversation_id: string): ConversationLog {
  return { conversation_id, entries: [], owner: NO_OWNER, cursor: 0, read_seq: 0, agent_read_seq: 0 };
}

export function lastSeq(log: ConversationLog): number {
  return log.entries.at(-1)?.seq ?? 0;
}

/** Take in an entry that the desk delivered. */
export function withDelivered(log: ConversationLog, entry: Entry): ConversationLog {
  return { ...withEntry(log, entry), cursor: Math.max(log.cursor, entry.seq) };
}

/** Put an entry where its seq belongs; one that is there already is replaced, so a repeat is harmless. */
export function withEntry(log: ConversationLog, entry: Entry): ConversationLog {
  if (entry.kind === "note") return log; // notes are the agents' own; the desk does not send them, and nobody shows them
  const at = log.entries.findLastIndex((known) => known.seq <= entry.seq);
  const is_known = log.entries[at]?.seq === entry.seq;
  const before = log.entries.slice(0, is_known ? at : at + 1);
  const entries = [...before, entry, ...log.entries.slice(at + 1)];
  return { ...log, entries: entries.slice(-MAX_KEPT_ENTRIES) };
}

/** Mark which of an entry's buttons was taken, before the desk says so itself. */
export function withAnswer(log: ConversationLog, seq: number, button_id: string): ConversationLog {
  const answer = (entry: Entry) => (entry.seq === seq ? { ...entry, answered_button: button_id } : entry);
  return { ...log, entries: log.entries.map(answer) };
}

/** Mark whether an answer helped, before the desk says so itself. */
export function withVote(log: ConversationLog, seq: number, is_helpful: boolean | null): ConversationLog {
  const vote = (entry: Entry) => (entry.seq === seq ? { ...entry, is_helpful } : entry);
  return { ...log, entries: log.entries.map(vote) };
}

/** Entries that the customer did not write and has not seen. */
export function unreadEntries(log: ConversationLog): Entry[] {
  return log.entries.filter((entry) => entry.seq > log.read_seq && isForCustomer(entry));
}

function isForCustomer(entry: Entry): boolean {
  return entry.kind === "bot" || entry.kind === "agent";
}

export function saveLog(storage: Storage, log: ConversationLog): void {
  storage.set(CACHE_KEY, JSON.stringify({ ...log, entries: log.entries.slice(-MAX_CACHED_ENTRIES) }));
}

export function loadLog(storage: Storage): ConversationLog | null {
  return readJson(storage, CACHE_KEY, parseLog);
}

export function forgetLog(storage: Storage): void {
  storage.remove(CACHE_KEY);
}

function parseLog(value: unknown): ConversationLog {
  const read = new Reader(value, "log");
  return {
    conversation_id: read.text("conversation_id"),
    entries: read.list("entries", parseEntry),
    owner: read.nested("owner", parseOwner),
    cursor: read.seq("cursor"),
    read_seq: read.seq("read_seq"),
    agent_read_seq: read.seq("agent_read_seq"),
  };
}
