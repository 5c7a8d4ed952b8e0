/** The desk's answers to agents over HTTP, with a deadline on every request and errors by code. */
import type { Clock } from "../../shared/clock";
import { isObject, type JsonObject } from "../../shared/wire-reader";
import { type Explanation, parseExplanation } from "./explanation";
import { KnowledgeHttp } from "./knowledge-http";
import {
  type Agent,
  type ConversationDetail,
  type Entry,
  type Overview,
  type Page,
  type Presence,
  parseAgent,
  parseAgents,
  parseConversation,
  parseEntries,
  parseEntryAnswer,
  parseOverview,
  parseSession,
  parseSummaries,
  parseSummary,
  parseTicket,
  parseTickets,
  type Session,
  type Summary,
  type Ticket,
} from "./wire";

/** The desk said no, or could not be reached: `status` 0, code "unreachable". */
export class DeskError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: JsonObject = {},
  ) {
    super(message);
    this.name = "DeskError";
  }

  /** The same request may well pass later. */
  get is_retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export type View = "waiting" | "mine" | "bot" | "all" | "closed";
export const VIEWS: readonly View[] = ["waiting", "mine", "bot", "all", "closed"];

export interface TicketDraft {
  client_id: string;
  subject: string;
  body: string;
  priority: string;
}

export interface TicketChange {
  version: number;
  status?: string;
  comment?: string;
  is_public?: boolean;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpOptions {
  fetch: Fetch;
  clock: Clock;
  /** The session is gone: somebody has to sign in again. */
  onExpired: () => void;
}

export const BASE = "/console/api";
export const REQUEST_TIMEOUT_MS = 15_000;
export const PAGE_SIZE = 50;
const MAX_ERROR_CHARS = 300;

export class ConsoleHttp {
  private csrf_token = "";

  /** The knowledge pages' requests: the same session, the same refusals. */
  readonly knowledge = new KnowledgeHttp((method, path, body) => this.request(method, path, body ?? null));

  constructor(private readonly options: HttpOptions) {}

  login = async (email: string, password: string): Promise<Session> =>
    this.adopt(parseSession(await this.request("POST", "/login", { email, password }, "login")));

  me = async (): Promise<Session> =>
    this.adopt(parseSession(await this.request("GET", "/me", null, "login")));

  logout = async (): Promise<void> => void (await this.request("POST", "/logout", {}));

  setPresence = async (status: Presence): Promise<Agent> => {
    const answer = await this.request("PUT", "/me/presence", { status });
    return parseAgent(isObject(answer) && isObject(answer.agent) ? answer.agent : answer);
  };

  overview = async (): Promise<Overview> => parseOverview(await this.request("GET", "/overview"));

  agents = async (): Promise<Page<Agent>> => parseAgents(await this.request("GET", "/agents"));

  conversations = async (view: View, query: string, cursor: string | null): Promise<Page<Summary>> => {
    const params = new URLSearchParams({ view, limit: String(PAGE_SIZE) });
    if (query !== "") params.set("q", query);
    if (cursor !== null) params.set("cursor", cursor);
    return parseSummaries(await this.request("GET", `/conversations?${params}`));
  };

  conversation = async (id: string): Promise<ConversationDetail> =>
    parseConversation(await this.request("GET", at(id)));

  entries = async (id: string, after_seq: number): Promise<Entry[]> =>
    parseEntries(await this.request("GET", `${at(id)}/entries?after=${after_seq}`));

  explanation = async (id: string, seq: number): Promise<Explanation> =>
    parseExplanation(await this.request("GET", `${at(id)}/entries/${seq}/explanation`));

  claim = (id: string, version: number): Promise<Summary> => this.change(id, "claim", { version });

  returnToBot = (id: string, mode: string, version: number): Promise<Summary> =>
    this.change(id, "return", { mode, version });

  transfer = (id: string, agent_id: string | null, version: number): Promise<Summary> =>
    this.change(id, "transfer", { agent_id, version });

  resolve = (id: string, version: number): Promise<Summary> => this.change(id, "resolve", { version });

  /** Send and forget while the page goes away; `keepalive` lets it outlive the page. */
  resolveOnLeave(id: string, version: number): void {
    void this.options
      .fetch(`${BASE}${at(id)}/resolve`, this.init("POST", { version }, null, true))
      .catch(() => {});
  }

  post = async (id: string, kind: "reply" | "note", client_id: string, text: string): Promise<Entry> =>
    parseEntryAnswer(await this.request("POST", `${at(id)}/${kind}`, { client_id, text }));

  openTicket = async (id: string, draft: TicketDraft): Promise<Ticket> => {
    const answer = await this.request("POST", `${at(id)}/tickets`, draft);
    return parseTicket(isObject(answer) && isObject(answer.ticket) ? answer.ticket : answer);
  };

  tickets = async (status: string, cursor: string | null): Promise<Page<Ticket>> => {
    const params = new URLSearchParams();
    if (status !== "") params.set("status", status);
    if (cursor !== null) params.set("cursor", cursor);
    return parseTickets(await this.request("GET", `/tickets?${params}`));
  };

  ticket = async (number: string): Promise<Ticket> =>
    parseTicket(await this.request("GET", `/tickets/${encodeURIComponent(number)}`));

  changeTicket = async (number: string, change: TicketChange): Promise<Ticket> =>
    parseTicket(await this.request("PATCH", `/tickets/${encodeURIComponent(number)}`, change));

  private async change(id: string, verb: string, body: JsonObject): Promise<Summary> {
    return parseSummary(await this.request("POST", `${at(id)}/${verb}`, body));
  }

  private adopt(session: Session): Session {
    this.csrf_token = session.csrf_token;
    return session;
  }

  private async request(
    method: string,
    path: string,
    body: unknown = null,
    purpose?: "login",
  ): Promise<unknown> {
    const { fetch, clock } = this.options;
    const deadline = new AbortController();
    const timer = clock.setTimeout(() => deadline.abort(), REQUEST_TIMEOUT_MS);
    try {
      const response = await fetch(BASE + path, this.init(method, body, deadline.signal));
      const answer: unknown = await response.json().catch(() => null);
      if (response.ok) return answer;
      if (response.status === 401 && purpose !== "login") this.options.onExpired();
      throw readError(response.status, answer);
    } catch (error) {
      if (error instanceof DeskError) throw error;
      throw new DeskError(0, "unreachable", "The desk could not be reached.");
    } finally {
      clock.clearTimeout(timer);
    }
  }

  private init(method: string, body: unknown, signal: AbortSignal | null, keepalive = false): RequestInit {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") {
      headers["Content-Type"] = "application/json";
      headers["X-CSRF-Token"] = this.csrf_token;
    }
    return {
      method,
      headers,
      credentials: "same-origin",
      signal,
      keepalive,
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    };
  }
}

function at(id: string): string {
  return `/conversations/${encodeURIComponent(id)}`;
}

function readError(status: number, answer: unknown): DeskError {
  const body: JsonObject = isObject(answer) ? answer : {};
  const code = typeof body.code === "string" ? body.code : "unexpected";
  const message = typeof body.message === "string" ? body.message.slice(0, MAX_ERROR_CHARS) : "";
  return new DeskError(status, code, message, isObject(body.details) ? body.details : {});
}
