/** A desk made of golden answers, and a console that talks to it. */
import { memoryStorage, type Storage } from "../../shared/storage";
import { FakeClock, FakeSocket } from "../../shared/testing";
import type { JsonObject } from "../../shared/wire-reader";
import { Console } from "../state/console";
import { BASE, ConsoleHttp } from "../wire/http";
import { type Entry, parseAgentEntry, parseSummary, type Summary } from "../wire/wire";

const FILES = import.meta.glob<JsonObject>("../../../tests/golden/console/*.json", {
  eager: true,
  import: "default",
});

export const GOLDEN_NAMES = Object.keys(FILES).map((path) => path.split("/").at(-1) ?? "");

export function golden(name: string): JsonObject {
  const found = Object.entries(FILES).find(([path]) => path.endsWith(`/${name}.json`));
  if (found === undefined) throw new Error(`there is no golden file ${name}`);
  return structuredClone(found[1]);
}

export const SAM_ID = "01KATESTAGENTSAM0000000001";
export const MAYA_ID = "01KATESTC0NVERSAT10NMAYA01";

export function buildSummary(fields: Partial<Summary> = {}): Summary {
  return { ...parseSummary(golden("server_summary_queue").summary), ...fields };
}

export function buildAgentEntry(seq: number, fields: Partial<Entry> = {}): Entry {
  const at = new Date(Date.parse("2026-11-22T10:00:00Z") + seq * 1000).toISOString();
  return {
    ...parseAgentEntry({ seq, kind: "bot", text: `entry ${seq}`, at, client_id: `entry-${seq}` }),
    ...fields,
  };
}

export interface Asked {
  method: string;
  path: string;
  query: string;
  body: JsonObject;
}

interface Answer {
  status: number;
  body: unknown;
}

/** Answers by "METHOD /path"; what has no answer is unreachable. */
export class FakeDesk {
  readonly asked: Asked[] = [];
  private readonly answers = new Map<string, Answer>();

  constructor() {
    this.on("GET /me", golden("http_login_response"));
    this.on("POST /login", golden("http_login_response"));
    this.on("GET /overview", golden("http_overview"));
    this.on("GET /agents", golden("http_agents"));
    this.on("GET /conversations", { items: [golden("http_conversation")], next_cursor: null });
    this.on(`GET /conversations/${MAYA_ID}`, golden("http_conversation"));
    this.on(`POST /conversations/${MAYA_ID}/claim`, golden("http_claim_response"));
    this.on(`POST /conversations/${MAYA_ID}/reply`, golden("http_reply_response"));
    this.on("GET /tickets/T-1001", golden("http_ticket"));
  }

  on(what: string, body: unknown, status = 200): void {
    this.answers.set(what, { status, body });
  }

  goAway(what: string): void {
    this.answers.delete(what);
  }

  askedFor(what: string): Asked[] {
    return this.asked.filter(({ method, path }) => `${method} ${path}` === what);
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const [path = "", query = ""] = url.slice(BASE.length).split("?");
    const method = init.method ?? "GET";
    const body = typeof init.body === "string" ? JSON.parse(init.body) : {};
    this.asked.push({ method, path, query, body });
    const answer = this.answers.get(`${method} ${path}`);
    if (answer === undefined) throw new TypeError("unreachable");
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  };
}

export class Stand {
  readonly desk = new FakeDesk();
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  readonly console: Console;

  constructor(
    readonly storage: Storage = memoryStorage(),
    clock: "still" | "real" = "still",
  ) {
    const time = clock === "still" ? this.clock : REAL_CLOCK;
    const http: ConsoleHttp = new ConsoleHttp({
      fetch: this.desk.fetch,
      clock: time,
      onExpired: () => this.console.expire(),
    });
    const openSocket = () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    };
    this.console = new Console({ http, openSocket, clock: time, storage });
  }

  get state() {
    return this.console.getState();
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }

  /** Sign in and let the desk greet. */
  async goLive(): Promise<void> {
    await this.console.start();
    await this.clock.pass(0);
    this.greet();
    await this.clock.pass(0);
  }

  greet(): void {
    this.socket.open();
    this.socket.say(golden("server_welcome"));
  }
}

const REAL_CLOCK = {
  now: () => Date.now(),
  setTimeout: (callback: () => void, delay_ms: number) =>
    globalThis.setTimeout(callback, delay_ms) as unknown as number,
  clearTimeout: (timer: number) => globalThis.clearTimeout(timer),
};
