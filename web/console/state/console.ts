/** The console's doing: asks the desk, listens to its socket and turns both into happenings. */
import type { Clock } from "../../shared/clock";
import { ReconnectingSocket, type SocketLike, type SocketState } from "../../shared/reconnecting-socket";
import type { Storage } from "../../shared/storage";
import { ulid } from "../../shared/ulid";
import type { JsonObject } from "../../shared/wire-reader";
import type { Explanation } from "../wire/explanation";
import { type ConsoleHttp, DeskError, type TicketChange, type TicketDraft, type View } from "../wire/http";
import {
  type ClientFrame,
  type Entry,
  type Presence,
  parseServerFrame,
  type ServerFrame,
  type Summary,
  type Ticket,
} from "../wire/wire";
import { ArticleDrafts } from "./articles";
import { Drafts } from "./drafts";
import { forgetItem, loadItems, type OutboxItem, type PostKind, saveItem } from "./outbox";
import { type Happening, INITIAL, reduce, type State } from "./state";

export const RESOLVE_DELAY_MS = 5_000;
export const TYPING_EVERY_MS = 3_000;
const OVERVIEW_DELAY_MS = 400;
const SESSION_RETRY_MS = 5_000;
const FRESH_MS = 60_000;
const CLOSE_UNAUTHORIZED = 4401;
const TICKET_CODES = new Set(["ticket_opened", "ticket_updated", "nobody_available"]);

export interface Environment {
  http: ConsoleHttp;
  openSocket: () => SocketLike;
  clock: Clock;
  storage: Storage;
}

/** What people should hear about, beyond what they see. */
export type Notice =
  | { type: "handoff"; summary: Summary }
  | { type: "customer_wrote"; summary: Summary }
  | { type: "resolve_stopped"; summary: Summary }
  | { type: "resolve_failed"; id: string; error: unknown };

export class Console {
  private state: State = INITIAL;
  private readonly listeners = new Set<() => void>();
  private readonly notice_listeners = new Set<(notice: Notice) => void>();
  private readonly socket: ReconnectingSocket;
  private readonly sending = new Map<string, Promise<void>>();
  private readonly typing_timers = new Map<string, number>();
  private readonly resolve_timers = new Map<string, { timer: number; version: number }>();
  private typing_sent: { id: string; at_ms: number } | null = null;
  private overview_timer: number | null = null;
  private was_live = false;
  private watched: string | null = null;
  readonly drafts: Drafts;
  articles = new ArticleDrafts();

  constructor(private readonly env: Environment) {
    this.drafts = new Drafts(env.storage);
    this.socket = new ReconnectingSocket({
      open: async () => env.openSocket(),
      hello: () => ({ type: "hello" }),
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.onSocketState(state),
      onClose: (code) => code === CLOSE_UNAUTHORIZED && this.expire(),
      clock: env.clock,
    });
    for (const item of loadItems(env.storage)) this.state = reduce(this.state, { type: "outbox", item });
  }

  readonly getState = (): State => this.state;

  /** What the knowledge pages ask; they keep what they read themselves. */
  get knowledge() {
    return this.env.http.knowledge;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  onNotice(listener: (notice: Notice) => void): () => void {
    this.notice_listeners.add(listener);
    return () => this.notice_listeners.delete(listener);
  }

  // ---- the session

  /** Find out who is signed in, and go live if somebody is. */
  async start(): Promise<void> {
    try {
      const { agent } = await this.env.http.me();
      this.enter(agent);
    } catch (error) {
      if (error instanceof DeskError && error.status === 401) {
        this.happen({ type: "session", session: "signed_out" });
        return;
      }
      this.happen({ type: "session", session: "unreachable" });
      this.env.clock.setTimeout(() => void this.start(), SESSION_RETRY_MS);
    }
  }

  /** Sign in; throws DeskError. Somebody else on the same page starts from nothing. */
  async login(email: string, password: string): Promise<void> {
    const { agent } = await this.env.http.login(email, password);
    if (this.state.me !== null && this.state.me.id !== agent.id) this.reset();
    this.enter(agent);
  }

  async logout(): Promise<void> {
    this.flushResolves();
    await this.env.http.logout().catch(() => {});
    this.socket.stop();
    this.reset();
    this.happen({ type: "session", session: "signed_out" });
  }

  expire(): void {
    if (this.state.session !== "live") return;
    this.socket.stop();
    this.happen({ type: "session", session: "expired" });
  }

  /** The page or the network came back. */
  wake(): void {
    this.socket.wake();
  }

  /** The page goes away: what waits for its undo is done now. */
  leave(): void {
    for (const [id, { version }] of this.resolve_timers) this.env.http.resolveOnLeave(id, version);
  }

  async setPresence(presence: Presence): Promise<void> {
    this.happen({ type: "presence", agent: await this.env.http.setPresence(presence) });
  }

  /** Ask why a message was understood as it was; throws DeskError. */
  explain(id: string, seq: number): Promise<Explanation> {
    return this.env.http.explanation(id, seq);
  }

  // ---- the list

  async loadView(view: View, more = false): Promise<void> {
    const list = this.state.lists[view];
    if (list.status === "loading" || (more && list.next_cursor === null)) return;
    this.happen({ type: "list_loading", view });
    try {
      const page = await this.env.http.conversations(view, "", more ? list.next_cursor : null);
      this.happen({ type: "page", view, summaries: page.items, next_cursor: page.next_cursor });
    } catch {
      this.happen({ type: "list_failed", view });
    }
  }

  /** Search in a view; an empty query ends the search. */
  async search(view: View, query: string, more = false): Promise<void> {
    if (query === "") {
      if (this.state.search !== null) this.happen({ type: "search_ended" });
      return;
    }
    const cursor = more ? (this.state.search?.next_cursor ?? null) : null;
    if (more && cursor === null) return;
    if (!more) this.happen({ type: "search_began", view, query });
    try {
      const page = await this.env.http.conversations(view, query, cursor);
      this.happen({ type: "search_page", view, query, summaries: page.items, next_cursor: page.next_cursor });
    } catch {
      this.happen({ type: "search_failed", query });
    }
  }

  loadOverview(): void {
    if (this.overview_timer !== null) return;
    this.overview_timer = this.env.clock.setTimeout(() => {
      this.overview_timer = null;
      this.env.http.overview().then(
        (overview) => this.happen({ type: "overview", overview }),
        () => {},
      );
    }, OVERVIEW_DELAY_MS);
  }

  async loadAgents(): Promise<void> {
    const page = await this.env.http.agents().catch(() => null);
    if (page !== null) this.happen({ type: "agents", agents: page.items });
  }

  // ---- one conversation

  /** Look at a conversation (or none): colleagues see it, and its entries arrive live. */
  watch(id: string | null): void {
    if (id === this.watched) return;
    if (this.watched !== null) this.send({ type: "unwatch", conversation_id: this.watched });
    this.watched = id;
    if (id === null) return;
    this.sendWatch();
    void this.loadConversation(id);
  }

  async loadConversation(id: string): Promise<void> {
    this.happen({ type: "log_loading", id });
    try {
      this.happen({ type: "detail", detail: await this.env.http.conversation(id) });
    } catch {
      this.happen({ type: "log_failed", id });
    }
  }

  async claim(summary: Summary): Promise<void> {
    this.take(await this.env.http.claim(summary.id, summary.version));
  }

  async returnToBot(summary: Summary, mode: string): Promise<void> {
    this.take(await this.env.http.returnToBot(summary.id, mode, summary.version));
  }

  async transfer(summary: Summary, agent_id: string | null): Promise<void> {
    this.take(await this.env.http.transfer(summary.id, agent_id, summary.version));
  }

  /** Resolve in a moment; until then `undoResolve` takes it back. */
  resolveSoon(summary: Summary): void {
    if (this.resolve_timers.has(summary.id)) return;
    const timer = this.env.clock.setTimeout(() => void this.resolveNow(summary.id), RESOLVE_DELAY_MS);
    this.resolve_timers.set(summary.id, { timer, version: summary.version });
    const at_ms = this.env.clock.now() + RESOLVE_DELAY_MS;
    this.happen({ type: "resolving", id: summary.id, at_ms });
  }

  /** Take back what is still to come; the newest when no id is named. Returns its id, null when there is none. */
  undoResolve(id: string | null = [...this.resolve_timers.keys()].at(-1) ?? null): string | null {
    const waiting = id === null ? undefined : this.resolve_timers.get(id);
    if (id === null || waiting === undefined) return null;
    this.env.clock.clearTimeout(waiting.timer);
    this.resolve_timers.delete(id);
    this.happen({ type: "resolving", id, at_ms: null });
    return id;
  }

  private async resolveNow(id: string): Promise<void> {
    const waiting = this.resolve_timers.get(id);
    if (waiting === undefined) return;
    this.resolve_timers.delete(id);
    try {
      this.take(await this.env.http.resolve(id, waiting.version));
    } catch (error) {
      this.notify({ type: "resolve_failed", id, error });
    }
    this.happen({ type: "resolving", id, at_ms: null });
  }

  private flushResolves(): void {
    this.leave();
    for (const id of [...this.resolve_timers.keys()]) this.undoResolve(id);
  }

  // ---- writing

  /** Send a reply or a note; it shows at once and is kept until the desk has it. */
  post(conversation_id: string, kind: PostKind, text: string): void {
    const now_ms = this.env.clock.now();
    this.put({
      client_id: ulid(now_ms),
      conversation_id,
      kind,
      text,
      created_ms: now_ms,
      status: "pending",
      reason: null,
    });
    if (kind === "reply") this.stopTyping();
  }

  retry(client_id: string): void {
    const item = this.state.outbox.find((known) => known.client_id === client_id);
    if (item?.status === "failed") this.put({ ...item, status: "pending", reason: null });
  }

  /** Give up on what was not sent; returns its text. */
  discard(client_id: string): string {
    const item = this.state.outbox.find((known) => known.client_id === client_id);
    this.settle(client_id);
    return item?.text ?? "";
  }

  /** The agent presses keys in the reply box. */
  typed(conversation_id: string): void {
    const now_ms = this.env.clock.now();
    const last = this.typing_sent;
    if (last?.id === conversation_id && now_ms - last.at_ms < TYPING_EVERY_MS) return;
    this.typing_sent = { id: conversation_id, at_ms: now_ms };
    this.send({ type: "typing", conversation_id, is_typing: true });
  }

  stopTyping(): void {
    if (this.typing_sent === null) return;
    this.send({ type: "typing", conversation_id: this.typing_sent.id, is_typing: false });
    this.typing_sent = null;
  }

  /** Send one after the other, so that order holds within a conversation. */
  private put(item: OutboxItem): void {
    saveItem(this.env.storage, item);
    this.happen({ type: "outbox", item });
    const before = this.sending.get(item.conversation_id) ?? Promise.resolve();
    this.sending.set(
      item.conversation_id,
      before.then(() => this.deliver(item)),
    );
  }

  private async deliver(item: OutboxItem): Promise<void> {
    try {
      const { conversation_id, kind, client_id, text } = item;
      this.takeEntry(conversation_id, await this.env.http.post(conversation_id, kind, client_id, text));
      this.settle(item.client_id);
    } catch (error) {
      const reason = error instanceof DeskError ? error.code : "unexpected";
      // The socket may have brought the entry although the answer was lost.
      const is_open = this.state.outbox.some((known) => known.client_id === item.client_id);
      if (is_open) this.happen({ type: "outbox", item: { ...item, status: "failed", reason } });
    }
  }

  private settle(client_id: string): void {
    forgetItem(this.env.storage, client_id);
    this.happen({ type: "sent", client_id });
  }

  // ---- tickets

  async openTicket(conversation_id: string, draft: TicketDraft): Promise<Ticket> {
    return this.takeTicket(await this.env.http.openTicket(conversation_id, draft));
  }

  async loadTicket(number: string): Promise<Ticket> {
    return this.takeTicket(await this.env.http.ticket(number));
  }

  async changeTicket(number: string, change: TicketChange): Promise<Ticket> {
    return this.takeTicket(await this.env.http.changeTicket(number, change));
  }

  private takeTicket(ticket: Ticket): Ticket {
    this.happen({ type: "ticket", ticket });
    return ticket;
  }

  // ---- the socket

  private receive(raw: JsonObject): void {
    let frame: ServerFrame;
    try {
      frame = parseServerFrame(raw);
    } catch {
      return; // a frame of a newer desk: what it tells is read again with the next answer
    }
    const handler = this.handlers[frame.type] as (frame: ServerFrame) => void;
    handler(frame);
  }

  private readonly handlers: {
    [Type in ServerFrame["type"]]: (frame: Extract<ServerFrame, { type: Type }>) => void;
  } = {
    welcome: ({ agent }) => {
      this.happen({ type: "presence", agent });
      if (this.was_live) this.readAnew();
      this.was_live = true;
      this.loadOverview();
      void this.loadAgents();
      this.sendWatch();
    },
    summary: ({ summary }) => this.take(summary),
    entry: ({ conversation_id, entry }) => this.takeEntry(conversation_id, entry),
    typing: (frame) => this.showTyping(frame),
    viewers: ({ conversation_id, viewers }) => this.happen({ type: "viewers", id: conversation_id, viewers }),
    presence: ({ agent }) => {
      this.happen({ type: "presence", agent });
      this.loadOverview();
    },
    read: ({ conversation_id, seq }) => this.happen({ type: "read", id: conversation_id, seq }),
    refused: ({ code }) => code === "unauthorized" && this.expire(),
    resync: ({ conversation_id }) => {
      if (conversation_id === null) this.readAnew();
      else void this.loadConversation(conversation_id);
    },
  };

  /** Something may have been missed: what is shown stays, and is asked for again. */
  private readAnew(): void {
    this.happen({ type: "stale", open_id: this.watched });
    if (this.watched !== null) void this.loadConversation(this.watched);
  }

  private take(summary: Summary): void {
    const known = this.state.summaries.get(summary.id);
    this.happen({ type: "summary", summary });
    this.loadOverview();
    const did_customer_write =
      known !== undefined &&
      summary.last_entry?.kind === "customer" &&
      summary.last_entry.seq > (known.last_entry?.seq ?? 0);
    if (this.isNewHandoff(summary, known)) this.notify({ type: "handoff", summary });
    if (!did_customer_write) return;
    if (summary.owner.agent_id === this.state.me?.id) this.notify({ type: "customer_wrote", summary });
    if (this.undoResolve(summary.id) !== null) this.notify({ type: "resolve_stopped", summary });
  }

  /** A conversation that this page never saw may have waited for long; only a fresh one is news. */
  private isNewHandoff(summary: Summary, known: Summary | undefined): boolean {
    if (summary.owner.kind !== "queue") return false;
    if (known !== undefined) return known.owner.kind !== "queue";
    return this.env.clock.now() - Date.parse(summary.waiting_since ?? "") < FRESH_MS;
  }

  private takeEntry(id: string, entry: Entry): void {
    if (entry.client_id !== null) forgetItem(this.env.storage, entry.client_id);
    this.happen({ type: "entry", id, entry });
    const number = entry.params.number ?? entry.params.ticket;
    const is_ticket = entry.code !== null && TICKET_CODES.has(entry.code) && typeof number === "string";
    if (is_ticket && this.state.logs.has(id)) void this.loadTicket(number).catch(() => {});
  }

  private showTyping(frame: Extract<ServerFrame, { type: "typing" }>): void {
    const { conversation_id: id, who, name, is_typing, ttl_seconds } = frame;
    const timer = this.typing_timers.get(id);
    if (timer !== undefined) this.env.clock.clearTimeout(timer);
    this.typing_timers.delete(id);
    this.happen({ type: "typing", id, typing: is_typing ? { who, name } : null });
    if (!is_typing) return;
    const hide = () => this.happen({ type: "typing", id, typing: null });
    this.typing_timers.set(id, this.env.clock.setTimeout(hide, ttl_seconds * 1000));
  }

  private sendWatch(): void {
    if (this.watched === null) return;
    const after_seq = this.state.logs.get(this.watched)?.cursor ?? 0;
    this.send({ type: "watch", conversation_id: this.watched, after_seq });
  }

  private send(frame: ClientFrame): void {
    this.socket.send(frame);
  }

  private onSocketState(state: SocketState): void {
    if (this.state.session !== "live") return;
    const away = this.was_live ? "away" : "connecting";
    this.happen({ type: "connection", connection: state === "live" ? "live" : away });
    // The first refusal says nothing about why; the desk's HTTP side does.
    if (state === "waiting") void this.env.http.overview().catch(() => {});
  }

  private enter(agent: State["me"]): void {
    if (agent === null) return;
    this.happen({ type: "session", session: "live", me: agent });
    this.socket.start();
  }

  private reset(): void {
    this.was_live = false;
    this.watched = null;
    this.articles = new ArticleDrafts();
    this.state = INITIAL;
  }

  private notify(notice: Notice): void {
    for (const listener of this.notice_listeners) listener(notice);
  }

  private happen(happening: Happening): void {
    const next = reduce(this.state, happening);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}
