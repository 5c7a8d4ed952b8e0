/** Everything the console knows, and how what happens changes it. Pure: no socket, no clock, no storage. */
import type { View } from "../wire/http";
import type { Agent, ConversationDetail, Entry, Overview, Summary, Ticket, Viewer } from "../wire/wire";
import { type Log, NEW_LOG, withDetail, withEntry, withTicket } from "./log";
import type { OutboxItem } from "./outbox";
import { isInView } from "./views";

export type SessionStatus = "checking" | "signed_out" | "live" | "expired" | "unreachable";
export type Connection = "connecting" | "live" | "away";
export type Loading = "idle" | "loading" | "ready" | "failed";

export interface ListState {
  status: Loading;
  next_cursor: string | null;
}

export interface SearchState extends ListState {
  view: View;
  query: string;
  ids: readonly string[];
}

export interface Typing {
  who: "customer" | "agent" | "bot";
  name: string | null;
}

export interface State {
  session: SessionStatus;
  me: Agent | null;
  connection: Connection;
  summaries: ReadonlyMap<string, Summary>;
  /** Known from before a break: shown until their list is read anew, then believed or dropped. */
  stale: ReadonlySet<string>;
  lists: Readonly<Record<View, ListState>>;
  search: SearchState | null;
  logs: ReadonlyMap<string, Log>;
  outbox: readonly OutboxItem[];
  typing: ReadonlyMap<string, Typing>;
  agents: ReadonlyMap<string, Agent>;
  overview: Overview | null;
  /** Conversations that are resolved in a moment, unless undone: when, in epoch milliseconds. */
  resolving: ReadonlyMap<string, number>;
}

export type Happening =
  | { type: "session"; session: SessionStatus; me?: Agent }
  | { type: "connection"; connection: Connection }
  | { type: "summary"; summary: Summary }
  | { type: "list_loading"; view: View }
  | { type: "list_failed"; view: View }
  | { type: "page"; view: View; summaries: readonly Summary[]; next_cursor: string | null }
  | { type: "stale"; open_id: string | null }
  | { type: "search_began"; view: View; query: string }
  | { type: "search_ended" }
  | { type: "search_failed"; query: string }
  | {
      type: "search_page";
      view: View;
      query: string;
      summaries: readonly Summary[];
      next_cursor: string | null;
    }
  | { type: "log_loading"; id: string }
  | { type: "log_failed"; id: string }
  | { type: "detail"; detail: ConversationDetail }
  | { type: "entry"; id: string; entry: Entry }
  | { type: "read"; id: string; seq: number }
  | { type: "viewers"; id: string; viewers: readonly Viewer[] }
  | { type: "typing"; id: string; typing: Typing | null }
  | { type: "ticket"; ticket: Ticket }
  | { type: "agents"; agents: readonly Agent[] }
  | { type: "presence"; agent: Agent }
  | { type: "overview"; overview: Overview }
  | { type: "outbox"; item: OutboxItem }
  | { type: "sent"; client_id: string }
  | { type: "resolving"; id: string; at_ms: number | null };

const IDLE: ListState = { status: "idle", next_cursor: null };

export const INITIAL: State = {
  session: "checking",
  me: null,
  connection: "connecting",
  summaries: new Map(),
  stale: new Set(),
  lists: { waiting: IDLE, mine: IDLE, bot: IDLE, all: IDLE, closed: IDLE },
  search: null,
  logs: new Map(),
  outbox: [],
  typing: new Map(),
  agents: new Map(),
  overview: null,
  resolving: new Map(),
};

type Reducers = {
  [Type in Happening["type"]]: (state: State, happening: Extract<Happening, { type: Type }>) => State;
};

const REDUCERS: Reducers = {
  session: (state, { session, me }) => ({ ...state, session, me: me ?? state.me }),
  connection: (state, { connection }) => ({
    ...state,
    connection,
    typing: connection === "live" ? state.typing : new Map(),
  }),
  summary: (state, { summary }) => withSummaries(state, [summary]),
  list_loading: (state, { view }) => withList(state, view, { status: "loading" }),
  list_failed: (state, { view }) => withList(state, view, { status: "failed" }),
  page: (state, { view, summaries, next_cursor }) =>
    withList(withoutStale(withSummaries(state, summaries), view), view, { status: "ready", next_cursor }),
  // What was known before a break may have changed unseen.
  stale: (state, { open_id }) => ({
    ...state,
    stale: new Set(state.summaries.keys()),
    lists: INITIAL.lists,
    logs: new Map([...state.logs].filter(([id]) => id === open_id)),
  }),
  search_began: (state, { view, query }) => ({
    ...state,
    search: { view, query, ids: [], status: "loading", next_cursor: null },
  }),
  search_ended: (state) => ({ ...state, search: null }),
  search_failed: (state, { query }) =>
    state.search?.query === query ? { ...state, search: { ...state.search, status: "failed" } } : state,
  search_page: (state, { view, query, summaries, next_cursor }) => {
    const known = withSummaries(state, summaries);
    const { search } = state;
    if (search?.query !== query || search.view !== view) return known;
    const ids = [...new Set([...search.ids, ...summaries.map((summary) => summary.id)])];
    return { ...known, search: { ...search, ids, status: "ready", next_cursor } };
  },
  log_loading: (state, { id }) => withLog(state, id, (log) => (log.status === "failed" ? NEW_LOG : log)),
  log_failed: (state, { id }) =>
    withLog(state, id, (log) => (log.status === "ready" ? log : { ...log, status: "failed" })),
  detail: (state, { detail }) => {
    const { summary } = detail;
    return withLog(withSummaries(state, [summary]), summary.id, (log) => withDetail(log, detail));
  },
  entry: (state, { id, entry }) => {
    const settled = entry.client_id === null ? state : withoutItem(state, entry.client_id);
    if (!settled.logs.has(id)) return settled;
    const quiet = entry.kind === "customer" ? withTyping(settled, id, null) : settled;
    return withLog(quiet, id, (log) => withEntry(log, entry));
  },
  read: (state, { id, seq }) =>
    state.logs.has(id)
      ? withLog(state, id, (log) => ({ ...log, customer_read_seq: Math.max(log.customer_read_seq, seq) }))
      : state,
  viewers: (state, { id, viewers }) => {
    const summary = state.summaries.get(id);
    if (summary === undefined) return state;
    return { ...state, summaries: new Map(state.summaries).set(id, { ...summary, viewers }) };
  },
  typing: (state, { id, typing }) => withTyping(state, id, typing),
  ticket: (state, { ticket }) =>
    ticket.conversation_id !== null && state.logs.has(ticket.conversation_id)
      ? withLog(state, ticket.conversation_id, (log) => withTicket(log, ticket))
      : state,
  agents: (state, { agents }) => ({ ...state, agents: new Map(agents.map((agent) => [agent.id, agent])) }),
  presence: (state, { agent }) => ({
    ...state,
    agents: new Map(state.agents).set(agent.id, agent),
    me: state.me?.id === agent.id ? agent : state.me,
  }),
  overview: (state, { overview }) => ({ ...state, overview }),
  outbox: (state, { item }) => {
    const is_known = state.outbox.some(({ client_id }) => client_id === item.client_id);
    const replace = (known: OutboxItem) => (known.client_id === item.client_id ? item : known);
    return { ...state, outbox: is_known ? state.outbox.map(replace) : [...state.outbox, item] };
  },
  sent: (state, { client_id }) => withoutItem(state, client_id),
  resolving: (state, { id, at_ms }) => {
    const resolving = new Map(state.resolving);
    if (at_ms === null) resolving.delete(id);
    else resolving.set(id, at_ms);
    return { ...state, resolving };
  },
};

export function reduce(state: State, happening: Happening): State {
  const reducer = REDUCERS[happening.type] as (state: State, happening: Happening) => State;
  return reducer(state, happening);
}

/** Take in summaries; one that is older than what is known (answers and frames may cross) is left out. */
function withSummaries(state: State, incoming: readonly Summary[]): State {
  const fresh = incoming.filter((summary) => !isOutdated(summary, state.summaries.get(summary.id)));
  if (fresh.length === 0) return { ...state, stale: without(state.stale, incoming) };
  const summaries = new Map(state.summaries);
  for (const summary of fresh) summaries.set(summary.id, summary);
  return { ...state, summaries, stale: without(state.stale, incoming) };
}

function without(stale: ReadonlySet<string>, told: readonly Summary[]): ReadonlySet<string> {
  if (stale.size === 0) return stale;
  const rest = new Set(stale);
  for (const { id } of told) rest.delete(id);
  return rest;
}

/** A view was read anew: what is still only known from before the break has left it. */
function withoutStale(state: State, view: View): State {
  const my_id = state.me?.id ?? "";
  const has_left = ([id, summary]: [string, Summary]) =>
    state.stale.has(id) && !state.logs.has(id) && isInView(summary, view, my_id);
  if (state.stale.size === 0) return state;
  return { ...state, summaries: new Map([...state.summaries].filter((known) => !has_left(known))) };
}

function isOutdated(incoming: Summary, known: Summary | undefined): boolean {
  if (known === undefined) return false;
  if (incoming.version !== known.version) return incoming.version < known.version;
  return (incoming.last_entry?.seq ?? 0) < (known.last_entry?.seq ?? 0);
}

function withList(state: State, view: View, change: Partial<ListState>): State {
  return { ...state, lists: { ...state.lists, [view]: { ...state.lists[view], ...change } } };
}

function withLog(state: State, id: string, change: (log: Log) => Log): State {
  return { ...state, logs: new Map(state.logs).set(id, change(state.logs.get(id) ?? NEW_LOG)) };
}

function withoutItem(state: State, client_id: string): State {
  const outbox = state.outbox.filter((item) => item.client_id !== client_id);
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

function withTyping(state: State, id: string, typing: Typing | null): State {
  if (typing === null && !state.typing.has(id)) return state;
  const all = new Map(state.typing);
  if (typing === null) all.delete(id);
  else all.set(id, typing);
  return { ...state, typing: all };
}
