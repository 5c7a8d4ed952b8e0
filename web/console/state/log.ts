import type { ConversationDetail, Entry, Summary, Ticket } from "../wire/wire";

/** One conversation as this page knows it: entries by seq, ascending. Values are never changed in place. */
export interface Log {
  status: "loading" | "ready" | "failed";
  entries: readonly Entry[];
  /** The newest seq the desk delivered: where a reconnect reads on. */
  cursor: number;
  /** The newest seq the customer has seen. */
  customer_read_seq: number;
  tickets: readonly Ticket[];
  earlier: readonly Summary[];
}

export const NEW_LOG: Log = {
  status: "loading",
  entries: [],
  cursor: 0,
  customer_read_seq: 0,
  tickets: [],
  earlier: [],
};

/** Put an entry where its seq belongs; one that is there already is replaced, so a repeat is harmless. */
export function withEntry(log: Log, entry: Entry): Log {
  const at = log.entries.findLastIndex((known) => known.seq <= entry.seq);
  const is_known = log.entries[at]?.seq === entry.seq;
  const before = log.entries.slice(0, is_known ? at : at + 1);
  const entries = [...before, entry, ...log.entries.slice(at + 1)];
  return { ...log, entries, cursor: Math.max(log.cursor, entry.seq) };
}

/** Take in the whole conversation; entries that arrived meanwhile over the socket stay. */
export function withDetail(log: Log, detail: ConversationDetail): Log {
  const { tickets, earlier } = detail;
  const base: Log = { ...log, status: "ready", tickets, earlier };
  return detail.entries.reduce(withEntry, base);
}

export function withTicket(log: Log, ticket: Ticket): Log {
  const others = log.tickets.filter((known) => known.number !== ticket.number);
  return { ...log, tickets: [ticket, ...others] };
}

/** The bot's newest proposal, as long as nobody from the team answered what it answers. */
export function openDraft(entries: readonly Entry[]): Entry | null {
  const last = entries.findLast((entry) => entry.is_draft || entry.kind === "agent");
  return last?.is_draft ? last : null;
}
