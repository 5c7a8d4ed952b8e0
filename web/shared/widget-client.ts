import type { Clock } from "./clock";
import {
  type ConversationLog,
  emptyLog,
  forgetLog,
  lastSeq,
  loadLog,
  saveLog,
  withAnswer,
  withDelivered,
  withEntry,
  withVote,
} from "./conversation";
import { DeskHttp, type Fetch, SessionRefused } from "./desk-http";
import { LongPoll } from "./long-poll";
import { Outbox, type OutboxBody, type OutboxItem, outboxText } from "./outbox";
import { ReconnectingSocket, type SocketLike, type SocketState } from "./reconnecting-socket";
import { Sender } from "./sender";
import { Session } from "./session";
import type { Storage } from "./storage";
import { ulid } from "./ulid";
import {
  type ClientFrame,
  type Entry,
  type PollAnswer,
  parseServerFrame,
  type ServerFrame,
  type SessionGrant,
  type Settings,
} from "./wire";
import { isObject } from "./wire-reader";

/** Everything the client needs from the page it runs in. */
export interface ClientEnvironment {
  /** The desk's origin, without a slash at the end. */
  base: string;
  fetch: Fetch;
  openSocket: (url: string) => SocketLike;
  storage: Storage;
  clock: Clock;
  random: () => number;
  /** Calls back when the network or the page comes back (online, visibilitychange, pageshow); returns an undo. */
  onWake: (callback: () => void) => () => void;
}

/** idle: not started. connecting: the first attempt. live. reconnecting: a connection was lost or did not come about. */
export type Connection = "idle" | "connecting" | "live" | "reconnecting";

export interface ClientState {
  connection: Connection;
  settings: Settings | null;
  log: ConversationLog | null;
  outbox: readonly OutboxItem[];
  typing: "bot" | "agent" | null;
  /** Set while the desk asks for a pause: when sending goes on, in ms since the epoch. */
  held_until_ms: number | null;
}

export interface ClientEvents {
  onChange: (state: ClientState) => void;
  /** A new entry that another participant wrote, once. */
  onArrival: (entry: Entry) => void;
  /** The desk did not take the page's word for who the customer is. */
  onIdentityRefused?: () => void;
  /** A frame from the desk that this version cannot read. */
  onStrangeFrame?: (error: unknown) => void;
}

/** So many attempts without a greeting, and the log is read by long polling too. */
export const POLL_AFTER_FAILURES = 3;
/** The local copy is written at most this often; what it lacks, the desk has. */
export const SAVE_DELAY_MS = 200;
/** A fresh page asks again for the newest entries it has in its cache: a button may have been answered elsewhere. */
export const RECONCILE_ENTRIES = 30;
const CLOSE_CODES_OF_A_BAD_SESSION = new Set([1008, 4401, 4403]);

/**
 * A customer's end of a conversation: session, socket, outbox and log behind one state.
 *
 * It has no DOM. Whoever shows it calls the verbs and draws `state` on every change.
 */
export class WidgetClient {
  private readonly http: DeskHttp;
  private readonly session: Session;
  private readonly socket: ReconnectingSocket;
  private readonly long_poll: LongPoll;
  private readonly outbox: Outbox;
  private readonly sender: Sender;
  private log: ConversationLog | null;
  private connection: Connection = "idle";
  private is_polling_live = false;
  private typing: "bot" | "agent" | null = null;
  private typing_timer: number | null = null;
  private save_timer: number | null = null;
  private is_reconciled = false;
  private stop_waking: (() => void) | null = null;

  constructor(
    private readonly env: ClientEnvironment,
    locale: string,
    private readonly events: ClientEvents,
  ) {
    this.http = new DeskHttp(env);
    this.session = new Session({
      http: this.http,
      storage: env.storage,
      clock: env.clock,
      locale,
      onGrant: (grant) => this.takeGrant(grant),
      onIdentityRefused: () => this.events.onIdentityRefused?.(),
    });
    this.outbox = new Outbox(env.storage);
    this.log = loadLog(env.storage);
    if (this.log?.conversation_id !== this.session.current?.conversation_id) this.log = null;
    this.socket = new ReconnectingSocket({
      open: async () => {
        await Promise.resolve(); // signing out and in again in one breath opens one session, not two
        await this.session.ensure();
        return env.openSocket(`${env.base.replace(/^http/, "ws")}/widget/socket`);
      },
      hello: () => this.buildHello(),
      onFrame: (frame) => this.receive(frame),
      onState: (state, failures) => this.followSocket(state, failures),
      onClose: (code) => {
        if (CLOSE_CODES_OF_A_BAD_SESSION.has(code)) this.session.refuse();
      },
      clock: env.clock,
      random: env.random,
    });
    this.sender = new Sender({
      outbox: this.outbox,
      clock: env.clock,
      isLive: () => this.isLive,
      send: (frame) => this.send(frame),
      onSilence: () => (this.socket.isLive ? this.socket.restart() : this.sender.pump()),
      onChange: () => this.changed(),
    });
    this.long_poll = new LongPoll({
      http: this.http,
      token: async () => (await this.session.ensure()).token,
      after: () => this.log?.cursor ?? 0,
      onAnswer: (answer) => this.takePoll(answer),
      onRefused: () => this.session.refuse(),
      onLive: (is_live) => this.followPoll(is_live),
      clock: env.clock,
      random: env.random,
    });
  }

  get state(): ClientState {
    return {
      connection: this.connection,
      settings: this.session.current?.settings ?? null,
      log: this.log,
      outbox: this.outbox.list(),
      typing: this.typing,
      held_until_ms: this.sender.held_until_ms,
    };
  }

  /** Whether this browser has talked to the desk before. */
  get hasSession(): boolean {
    return this.session.current !== null;
  }

  start(): void {
    if (this.connection !== "idle") return;
    this.connection = "connecting";
    this.stop_waking = this.env.onWake(() => this.socket.wake());
    this.socket.start();
  }

  stop(): void {
    this.save();
    this.stop_waking?.();
    this.stop_waking = null;
    this.long_poll.stop();
    this.socket.stop();
    this.sender.land();
    this.is_polling_live = false;
    this.connection = "idle";
    this.changed();
  }

  post(text: string): void {
    this.sender.enqueue({ type: "post", text });
  }

  answer(entry_seq: number, button: { id: string; title: string }): void {
    if (this.log !== null) this.keep(withAnswer(this.log, entry_seq, button.id));
    this.sender.enqueue({ type: "post", button: { seq: entry_seq, id: button.id }, title: button.title });
  }

  choose(starter: { id: string; title: string }): void {
    this.sender.enqueue({ type: "post", starter: starter.id, title: starter.title });
  }

  /** Say whether an answer helped; the last word counts, null takes it back. */
  rate(entry_seq: number, is_helpful: boolean | null): void {
    for (const { client_id, body } of this.outbox.list())
      if (body.type === "rate" && body.seq === entry_seq) this.sender.settle(client_id);
    if (this.log !== null) this.keep(withVote(this.log, entry_seq, is_helpful));
    this.sender.enqueue({ type: "rate", seq: entry_seq, is_helpful });
  }

  requestPerson(): void {
    if (!this.isAsked("request_person")) this.sender.enqueue({ type: "request_person" });
  }

  leavePerson(): void {
    if (!this.isAsked("leave_person")) this.sender.enqueue({ type: "leave_person" });
  }

  /** Send an item that failed once more, under the same id. */
  retry(client_id: string): void {
    this.sender.retry(client_id);
    if (!this.isLive) this.socket.wake();
  }

  /** Drop an item that was not sent. */
  discard(client_id: string): void {
    this.sender.settle(client_id);
    this.changed();
  }

  setTyping(is_typing: boolean): void {
    this.send({ type: "typing", is_typing });
  }

  markRead(): void {
    const log = this.log;
    const seq = log === null ? 0 : lastSeq(log);
    if (log === null || seq <= log.read_seq) return;
    this.keep({ ...log, read_seq: seq });
    this.send({ type: "read", seq });
    this.changed();
  }

  setLocale(locale: string): void {
    if (this.session.setLocale(locale)) this.renew();
  }

  /** Tell the desk who the customer is; null signs out and forgets everything this browser kept. */
  identify(identity: string | null): void {
    if (identity === null) this.signOut();
    else {
      this.session.setIdentity(identity);
      this.renew();
    }
  }

  private signOut(): void {
    const was_started = this.connection !== "idle";
    this.stop();
    this.session.forget();
    this.outbox.clear();
    this.log = null;
    forgetLog(this.env.storage);
    this.changed();
    if (was_started) this.start();
  }

  private renew(): void {
    if (this.connection === "idle") return;
    this.socket.restart("now");
  }

  private get isLive(): boolean {
    return this.socket.isLive || this.is_polling_live;
  }

  private isAsked(type: OutboxBody["type"]): boolean {
    return this.outbox.list().some((item) => item.body.type === type);
  }

  private takeGrant(grant: SessionGrant): void {
    if (this.log?.conversation_id !== grant.conversation_id) this.switchTo(grant.conversation_id);
    this.changed();
  }

  private switchTo(conversation_id: string): void {
    if (this.log !== null) {
      // Buttons and votes belong to entries of the conversation that is left behind; words go with the customer.
      for (const { client_id, body } of this.outbox.list())
        if ("button" in body || body.type === "rate") this.outbox.remove(client_id);
    }
    this.keep(emptyLog(conversation_id));
  }

  private buildHello(): ClientFrame {
    const cursor = this.log?.cursor ?? 0;
    const after_seq = this.is_reconciled ? cursor : Math.max(0, cursor - RECONCILE_ENTRIES);
    return { type: "hello", token: this.session.current?.token ?? "", after_seq };
  }

  private receive(raw: unknown): void {
    let frame: ServerFrame;
    try {
      frame = parseServerFrame(raw);
    } catch (error) {
      this.events.onStrangeFrame?.(error);
      return;
    }
    this.take(frame);
  }

  private take(frame: ServerFrame): void {
    const handle = this.handlers[frame.type] as (frame: ServerFrame) => void;
    handle(frame);
    this.changed();
  }

  private readonly handlers: {
    [T in ServerFrame["type"]]: (frame: Extract<ServerFrame, { type: T }>) => void;
  } = {
    welcome: (frame) => this.welcome(frame),
    entry: ({ entry }) => this.deliver(entry),
    ack: ({ client_id, seq }) => this.acknowledge(client_id, seq),
    refused: (frame) => this.takeRefusal(frame),
    typing: ({ who, is_typing, ttl_seconds }) => this.showTyping(is_typing ? who : null, ttl_seconds),
    owner: ({ owner }) => this.log !== null && this.keep({ ...this.log, owner }),
    read: ({ seq }) => this.log !== null && this.keep({ ...this.log, agent_read_seq: seq }),
    pong: () => undefined,
    resync: () => this.forgetEntries(),
  };

  private welcome(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    if (this.log?.conversation_id !== frame.conversation_id) this.switchTo(frame.conversation_id);
    const log = this.log ?? emptyLog(frame.conversation_id);
    if (frame.last_seq < log.cursor) {
      this.forgetEntries();
      this.socket.restart("now");
      return;
    }
    this.is_reconciled = true;
    this.keep({ ...log, owner: frame.owner });
    if (log.read_seq > 0) this.send({ type: "read", seq: log.read_seq });
    this.sender.land();
    this.sender.pump();
  }

  /** The local copy is not the desk's history; what follows is, from its start. */
  private forgetEntries(): void {
    if (this.log === null) return;
    const { conversation_id, owner } = this.log;
    this.keep({ ...emptyLog(conversation_id), owner });
  }

  private deliver(entry: Entry): void {
    const log = this.log;
    if (log === null) return;
    const is_new = entry.seq > log.cursor;
    this.keep(withDelivered(log, this.withOwnVote(entry)));
    if (entry.client_id !== null && this.outbox.get(entry.client_id) !== null)
      this.sender.settle(entry.client_id);
    if (!is_new || entry.kind === "customer") return;
    if (entry.kind === "bot" || entry.kind === "agent") this.showTyping(null, 0);
    this.events.onArrival(entry);
  }

  /** A vote that is still on its way is the newest word on an answer. */
  private withOwnVote(entry: Entry): Entry {
    const vote = this.outbox.list().findLast(({ body }) => body.type === "rate" && body.seq === entry.seq);
    return vote?.body.type === "rate" ? { ...entry, is_helpful: vote.body.is_helpful } : entry;
  }

  private acknowledge(client_id: string, seq: number): void {
    const item = this.outbox.get(client_id);
    if (item === null) return;
    const text = outboxText(item.body);
    const is_known = this.log?.entries.some((entry) => entry.seq === seq) ?? true;
    // The message keeps its place between its acknowledgement and its own entry.
    if (this.log !== null && text !== null && !is_known) {
      this.keep(withEntry(this.log, buildOwnEntry(seq, item, text)));
    }
    this.sender.settle(client_id);
  }

  private takeRefusal(frame: Extract<ServerFrame, { type: "refused" }>): void {
    if (frame.client_id === null) {
      if (!this.socket.isLive) this.session.refuse();
      return;
    }
    const item = this.outbox.get(frame.client_id);
    if (item === null) return;
    this.sender.refuse(item, frame.code, frame.retry_after_seconds);
  }

  private showTyping(who: "bot" | "agent" | null, ttl_seconds: number): void {
    if (this.typing_timer !== null) this.env.clock.clearTimeout(this.typing_timer);
    this.typing = who;
    this.typing_timer =
      who === null ? null : this.env.clock.setTimeout(() => this.endTyping(), ttl_seconds * 1000);
  }

  private endTyping(): void {
    this.typing = null;
    this.typing_timer = null;
    this.changed();
  }

  private followSocket(state: SocketState, failures: number): void {
    if (state === "live") {
      this.long_poll.stop();
      this.is_polling_live = false;
    } else this.sender.land();
    if (state === "waiting" && failures >= POLL_AFTER_FAILURES) this.long_poll.start();
    if (state !== "idle") this.updateConnection(failures);
  }

  private followPoll(is_live: boolean): void {
    if (this.socket.isLive) return;
    this.is_polling_live = is_live;
    this.updateConnection(1);
    if (is_live) this.sender.pump();
  }

  private updateConnection(failures: number): void {
    const was_live = this.connection === "live" || this.connection === "reconnecting";
    this.connection = this.isLive ? "live" : failures > 0 || was_live ? "reconnecting" : "connecting";
    if (!this.isLive) this.showTyping(null, 0);
    this.changed();
  }

  private takePoll(answer: PollAnswer): void {
    for (const entry of answer.entries) this.deliver(entry);
    const { owner, agent_read_seq } = answer;
    if (this.log !== null) this.keep({ ...this.log, owner, agent_read_seq });
    this.changed();
  }

  private send(frame: ClientFrame): void {
    if (this.socket.send(frame) || !this.is_polling_live) return;
    void this.sendOverHttp(frame);
  }

  private async sendOverHttp(frame: ClientFrame): Promise<void> {
    try {
      const { token } = await this.session.ensure();
      const envelope = { ...frame, id: ulid(), sent_at: new Date(this.env.clock.now()).toISOString() };
      const answer = await this.http.post("/widget/messages", envelope, token);
      // Over HTTP an acknowledgement needs no type: it is what a 2xx with a seq means.
      if (isObject(answer) && "seq" in answer) this.receive({ type: "ack", ...answer });
      else if (isObject(answer) && "type" in answer) this.receive(answer);
    } catch (error) {
      if (error instanceof SessionRefused) this.session.refuse();
      // The item stays in the outbox; the poll notices that the desk is away and the next answer pumps again.
      this.sender.land();
    }
  }

  private keep(log: ConversationLog): void {
    this.log = log;
    this.save_timer ??= this.env.clock.setTimeout(() => this.save(), SAVE_DELAY_MS);
  }

  /** Write the local copy now; the page is about to go. */
  save(): void {
    if (this.save_timer !== null) this.env.clock.clearTimeout(this.save_timer);
    this.save_timer = null;
    if (this.log !== null) saveLog(this.env.storage, this.log);
  }

  private changed(): void {
    this.events.onChange(this.state);
  }
}

function buildOwnEntry(seq: number, item: OutboxItem, text: string): Entry {
  return {
    seq,
    client_id: item.client_id,
    kind: "customer",
    text,
    at: new Date(item.created_ms).toISOString(),
    author: null,
    buttons: [],
    sources: [],
    code: null,
    params: {},
    answered_button: null,
    is_helpful: null,
  };
}
