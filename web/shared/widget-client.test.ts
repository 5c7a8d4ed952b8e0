import { beforeEach, describe, expect, test } from "vitest";
import { ACK_TIMEOUT_MS, NOT_SENT_AFTER_MS } from "./sender";
import { memoryStorage, type Storage, webStorage } from "./storage";
import { buildEntry, FakeClock, FakeSocket, settle } from "./testing";
import { type ClientState, POLL_AFTER_FAILURES, RECONCILE_ENTRIES, WidgetClient } from "./widget-client";
import type { Entry } from "./wire";
import type { JsonObject } from "./wire-reader";

interface Request {
  path: string;
  method: string;
  token: string | null;
  body: JsonObject;
}

/** What the desk answers over HTTP; tests replace single answers. */
class FakeDesk {
  readonly requests: Request[] = [];
  conversation_id = "conversation-1";
  tokens = 0;
  expires_at = "2026-12-22T10:00:00Z";
  is_up = true;
  identity_is_good = true;
  poll: (request: Request) => Promise<Response> = () => new Promise(() => undefined);
  post: (request: Request) => Promise<Response> = async () => Response.json({}, { status: 404 });

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!this.is_up) throw new TypeError("Failed to fetch");
    const headers = new Headers(init.headers);
    const request = {
      path: url.replace("https://desk.example", ""),
      method: init.method ?? "GET",
      token: headers.get("authorization")?.replace("Bearer ", "") ?? null,
      body: init.body === undefined ? {} : JSON.parse(String(init.body)),
    };
    this.requests.push(request);
    if (request.path === "/widget/session") return this.grant(request);
    return request.path.startsWith("/widget/entries") ? this.poll(request) : this.post(request);
  };

  private grant({ body }: Request): Response {
    if ("identity" in body && !this.identity_is_good) return Response.json({}, { status: 401 });
    this.tokens += 1;
    return Response.json({
      token: `token-${this.tokens}`,
      conversation_id: this.conversation_id,
      expires_at: this.expires_at,
      settings: {
        brand_name: "N",
        assistant_name: "Linde",
        greeting: "Hello",
        starters: [],
        locale: body.locale,
      },
    });
  }
}

class Page {
  readonly sockets: FakeSocket[] = [];
  readonly arrivals: Entry[] = [];
  readonly strange: unknown[] = [];
  changes = 0;
  refused_identities = 0;
  wake: () => void = () => undefined;
  readonly client: WidgetClient;

  constructor(desk: FakeDesk, storage: Storage, clock: FakeClock) {
    this.client = new WidgetClient(
      {
        base: "https://desk.example",
        fetch: desk.fetch,
        openSocket: (url) => {
          expect(url).toBe("wss://desk.example/widget/socket");
          const socket = new FakeSocket();
          this.sockets.push(socket);
          return socket;
        },
        storage,
        clock,
        random: () => 0.5,
        onWake: (callback) => {
          this.wake = callback;
          return () => undefined;
        },
      },
      "en",
      {
        onChange: () => this.changes++,
        onArrival: (entry) => this.arrivals.push(entry),
        onIdentityRefused: () => this.refused_identities++,
        onStrangeFrame: (error) => this.strange.push(error),
      },
    );
  }

  get socket(): FakeSocket {
    const found = this.sockets.at(-1);
    if (found === undefined) throw new Error("no socket was opened");
    return found;
  }

  get state(): ClientState {
    return this.client.state;
  }

  get texts(): string[] {
    return this.state.log?.entries.map((entry) => entry.text) ?? [];
  }

  async welcome(
    fields: { last_seq?: number; conversation_id?: string; owner?: object } = {},
  ): Promise<FakeSocket> {
    await settle();
    this.socket.open();
    this.socket.say({
      type: "welcome",
      conversation_id: "conversation-1",
      owner: { kind: "bot" },
      last_seq: 0,
      heartbeat_seconds: 20,
      ...fields,
    });
    await settle();
    return this.socket;
  }

  async start(): Promise<FakeSocket> {
    this.client.start();
    return this.welcome();
  }

  say(entry: Entry): void {
    this.socket.say({ type: "entry", entry });
  }

  posts(): JsonObject[] {
    return this.sockets.flatMap((socket) => socket.sentOf("post"));
  }
}

let clock: FakeClock;
let storage: Storage;
let desk: FakeDesk;
let page: Page;

beforeEach(() => {
  clock = new FakeClock();
  storage = memoryStorage();
  desk = new FakeDesk();
  page = new Page(desk, storage, clock);
});

const reload = () => {
  page.client.stop();
  page = new Page(desk, storage, clock);
  return page;
};
const own = (seq: number, client_id: unknown, text = "hi") =>
  buildEntry(seq, { kind: "customer", client_id: String(client_id), text });

describe("saying something", () => {
  test("is pending, then acknowledged, then the desk's own entry, and never gone in between", async () => {
    const socket = await page.start();
    page.client.post("hi");
    const [post] = socket.sentOf("post");
    expect(page.state.outbox).toMatchObject([{ status: "pending", client_id: post?.client_id }]);

    socket.say({ type: "ack", client_id: post?.client_id, seq: 1 });
    expect(page.state.outbox).toEqual([]);
    expect(page.texts).toEqual(["hi"]);

    page.say(own(1, post?.client_id, "hi"));
    expect(page.texts).toEqual(["hi"]);
    expect(page.arrivals).toEqual([]);
  });

  test("the entry may come before its acknowledgement", async () => {
    const socket = await page.start();
    page.client.post("hi");
    const client_id = socket.sentOf("post")[0]?.client_id;
    page.say(own(1, client_id));
    socket.say({ type: "ack", client_id, seq: 1 });
    expect(page.texts).toEqual(["hi"]);
    expect(page.state.outbox).toEqual([]);
  });

  test("a second message waits for the first one's acknowledgement, so order holds", async () => {
    const socket = await page.start();
    page.client.post("one");
    page.client.post("two");
    expect(socket.sentOf("post").map((post) => post.text)).toEqual(["one"]);
    socket.say({ type: "ack", client_id: socket.sentOf("post")[0]?.client_id, seq: 1 });
    expect(socket.sentOf("post").map((post) => post.text)).toEqual(["one", "two"]);
  });

  test("an acknowledged message does not hide what the desk has not delivered yet", async () => {
    const socket = await page.start();
    page.client.post("hi");
    socket.say({ type: "ack", client_id: socket.sentOf("post")[0]?.client_id, seq: 5 });
    socket.drop();
    page.wake();
    await page.welcome({ last_seq: 5 });
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 0 });
  });

  test("a starter and a button are sent as what they are and shown by their title", async () => {
    const socket = await page.start();
    page.client.choose({ id: "track", title: "Where is my order?" });
    const starter = socket.sentOf("post")[0];
    expect(starter).toMatchObject({ starter: "track" });
    expect(starter).not.toHaveProperty("title");
    page.say(own(1, starter?.client_id, "Where is my order?"));
    page.say(buildEntry(2, { buttons: [{ id: "b1", title: "Yes" }] }));
    page.client.answer(2, { id: "b1", title: "Yes" });
    expect(socket.sentOf("post")[1]).toMatchObject({ button: { seq: 2, id: "b1" } });
    expect(page.state.log?.entries[1]?.answered_button).toBe("b1");
  });
});

describe("a vote", () => {
  const answer = () => buildEntry(1, { sources: [{ title: "R", url: "/r", section: null, updated: null }] });

  test("shows at once, goes out, and the last word counts", async () => {
    const socket = await page.start();
    page.say(answer());
    page.client.rate(1, true);
    expect(page.state.log?.entries[0]?.is_helpful).toBe(true);
    page.client.rate(1, false);
    const sent = socket.sentOf("rate");
    expect(sent.map(({ seq, is_helpful }) => [seq, is_helpful])).toEqual([
      [1, true],
      [1, false],
    ]);
    for (const { client_id } of sent) socket.say({ type: "ack", client_id, seq: 1 });
    expect(page.state.outbox).toEqual([]);
    expect(page.state.log?.entries).toHaveLength(1);
  });

  test("survives a reload, on its way and arrived", async () => {
    const socket = await page.start();
    page.say(answer());
    page.client.rate(1, false);
    const { client_id } = socket.sentOf("rate")[0] ?? {};
    page.client.save();
    reload();
    expect(page.state.log?.entries[0]?.is_helpful).toBe(false);
    expect(page.state.outbox).toMatchObject([{ client_id }]);
    page.client.start();
    const fresh = await page.welcome({ last_seq: 1 });
    page.say(answer()); // the desk does not know yet
    expect(page.state.log?.entries[0]?.is_helpful).toBe(false);
    expect(fresh.sentOf("rate")[0]).toMatchObject({ client_id, is_helpful: false });
    fresh.say({ type: "ack", client_id, seq: 1 });
    expect(page.state.log?.entries[0]?.is_helpful).toBe(false);
  });
});

describe("nothing is lost, nothing is sent twice", () => {
  test("what was written offline goes out once the desk is back", async () => {
    desk.is_up = false;
    page.client.start();
    page.client.post("one");
    page.client.post("two");
    await clock.pass(2_000);
    desk.is_up = true;
    page.wake();
    const socket = await page.welcome();
    socket.say({ type: "ack", client_id: socket.sentOf("post")[0]?.client_id, seq: 1 });
    expect(page.posts().map((post) => post.text)).toEqual(["one", "two"]);
  });

  test("a reload keeps an unsent message and sends it under the same id", async () => {
    const socket = await page.start();
    page.client.post("hi");
    const first_id = socket.sentOf("post")[0]?.client_id;
    reload();
    expect(page.state.outbox).toMatchObject([{ client_id: first_id }]);
    await page.start();
    expect(page.posts().map((post) => post.client_id)).toEqual([first_id]);
    page.socket.say({ type: "ack", client_id: first_id, seq: 1 });
    reload();
    await page.start();
    expect(page.posts()).toEqual([]);
  });

  test("an acknowledgement that was lost is made up for by the entry", async () => {
    const socket = await page.start();
    page.client.post("hi");
    const client_id = socket.sentOf("post")[0]?.client_id;
    socket.drop();
    page.wake();
    await page.welcome({ last_seq: 1 });
    page.say(own(1, client_id));
    expect(page.state.outbox).toEqual([]);
    expect(page.texts).toEqual(["hi"]);
  });

  test("silence after a message restarts the connection", async () => {
    const socket = await page.start();
    page.client.post("hi");
    await clock.pass(ACK_TIMEOUT_MS);
    expect(socket.is_closed).toBe(true);
  });

  test("after 15 s it says that it was not sent, and still sends it when it can", async () => {
    desk.is_up = false;
    page.client.start();
    page.client.post("hi");
    await clock.pass(NOT_SENT_AFTER_MS);
    expect(page.state.outbox).toMatchObject([{ status: "failed", refused_code: null }]);
    desk.is_up = true;
    page.wake();
    await page.welcome();
    expect(page.posts()).toHaveLength(1);
  });

  test("a message that the desk refuses waits for the customer, and the next one goes on", async () => {
    const socket = await page.start();
    page.client.post("too long");
    page.client.post("next");
    const client_id = socket.sentOf("post")[0]?.client_id;
    socket.say({ type: "refused", code: "text_too_long", message: "", client_id });
    expect(page.state.outbox[0]).toMatchObject({ status: "failed", refused_code: "text_too_long" });
    expect(page.posts().map((post) => post.text)).toEqual(["too long", "next"]);
    socket.say({ type: "ack", client_id: page.posts()[1]?.client_id, seq: 1 });
    page.client.retry(String(client_id));
    expect(page.posts().at(-1)).toMatchObject({ client_id, text: "too long" });
  });

  test("a discarded message is gone for good", async () => {
    desk.is_up = false;
    page.client.start();
    page.client.post("hi");
    page.client.discard(page.state.outbox[0]?.client_id ?? "");
    desk.is_up = true;
    reload();
    await page.start();
    expect(page.posts()).toEqual([]);
  });

  test("a desk that asks for a pause gets one, and then the same message", async () => {
    const socket = await page.start();
    page.client.post("hi");
    const client_id = socket.sentOf("post")[0]?.client_id;
    socket.say({ type: "refused", code: "rate_limited", message: "", client_id, retry_after_seconds: 2.5 });
    expect(page.state.held_until_ms).not.toBeNull();
    await clock.pass(2_400);
    expect(page.posts()).toHaveLength(1);
    await clock.pass(200);
    expect(page.posts().map((post) => post.client_id)).toEqual([client_id, client_id]);
    expect(page.state.held_until_ms).toBeNull();
  });

  test("where the browser keeps nothing, the page still does", async () => {
    const blocked = webStorage(() => {
      throw new DOMException("denied", "SecurityError");
    }, "x:");
    page = new Page(desk, blocked, clock);
    const socket = await page.start();
    page.client.post("hi");
    expect(socket.sentOf("post")).toHaveLength(1);
  });

  test("damaged storage is passed over", () => {
    for (const key of ["session", "log", "outbox:1", "outbox:2"]) storage.set(key, "{");
    storage.set("outbox:3", JSON.stringify({ client_id: "x", body: { type: "evil" } }));
    page = new Page(desk, storage, clock);
    expect(page.state).toMatchObject({ log: null, outbox: [], settings: null });
  });
});

describe("reading on", () => {
  test("a reconnect asks for everything after the last entry it was given", async () => {
    const socket = await page.start();
    page.say(buildEntry(1));
    page.say(buildEntry(4)); // 2 and 3 are notes that customers do not see
    socket.drop();
    page.wake();
    await page.welcome({ last_seq: 6 });
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 4 });
    page.say(buildEntry(5));
    page.say(buildEntry(6));
    expect(page.texts).toEqual(["entry 1", "entry 4", "entry 5", "entry 6"]);
  });

  test("the same entry twice is one entry, and is announced once", async () => {
    await page.start();
    page.say(buildEntry(1));
    page.say(buildEntry(1));
    expect(page.texts).toEqual(["entry 1"]);
    expect(page.arrivals).toHaveLength(1);
  });

  test("an entry with a known seq replaces it: its button was answered", async () => {
    await page.start();
    page.say(buildEntry(1, { buttons: [{ id: "b1", title: "Yes" }] }));
    page.say(buildEntry(2));
    page.say(buildEntry(1, { buttons: [{ id: "b1", title: "Yes" }], answered_button: "b1" }));
    expect(page.state.log?.entries.map((entry) => entry.answered_button)).toEqual(["b1", null]);
  });

  test("after a reload the history is there before the desk answers, and is reconciled then", async () => {
    await page.start();
    for (let seq = 1; seq <= 50; seq++) page.say(buildEntry(seq));
    reload();
    expect(page.texts).toHaveLength(50);
    page.client.start();
    await page.welcome({ last_seq: 50 });
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 50 - RECONCILE_ENTRIES });
    expect(page.arrivals).toEqual([]);
  });

  test("a desk with a shorter history than ours is believed", async () => {
    await page.start();
    page.say(buildEntry(1));
    page.say(buildEntry(2));
    page.socket.drop();
    page.wake();
    await page.welcome({ last_seq: 1 });
    expect(page.texts).toEqual([]);
    await page.welcome({ last_seq: 1 });
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 0 });
  });

  test("after a resync what follows is the history, from its start", async () => {
    const socket = await page.start();
    page.say(buildEntry(7));
    socket.say({ type: "resync", last_seq: 2 });
    page.say(buildEntry(1));
    page.say(buildEntry(2));
    expect(page.texts).toEqual(["entry 1", "entry 2"]);
    socket.drop();
    page.wake();
    await page.welcome({ last_seq: 2 });
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 2 });
  });

  test("a note that slips through is not shown", async () => {
    await page.start();
    page.say(buildEntry(1, { kind: "note", text: "difficult customer" }));
    expect(page.texts).toEqual([]);
  });

  test("a frame of the future is reported and passed over", async () => {
    const socket = await page.start();
    socket.say({ type: "carousel", cards: [] });
    expect(page.strange).toHaveLength(1);
    expect(page.state.connection).toBe("live");
  });
});

describe("typing", () => {
  test("ends by itself when nobody ends it", async () => {
    const socket = await page.start();
    socket.say({ type: "typing", who: "bot", is_typing: true, ttl_seconds: 8 });
    expect(page.state.typing).toBe("bot");
    await clock.pass(8_000);
    expect(page.state.typing).toBeNull();
  });

  test("ends with the answer and with the connection", async () => {
    const socket = await page.start();
    socket.say({ type: "typing", who: "agent", is_typing: true, ttl_seconds: 8 });
    page.say(buildEntry(1, { kind: "agent" }));
    expect(page.state.typing).toBeNull();
    socket.say({ type: "typing", who: "bot", is_typing: true, ttl_seconds: 8 });
    socket.drop();
    expect(page.state.typing).toBeNull();
  });
});

describe("the session", () => {
  test("one that was refused is renewed with the old token", async () => {
    const socket = await page.start();
    socket.drop();
    page.wake();
    await settle();
    page.socket.open();
    page.socket.say({ type: "refused", code: "token_invalid", message: "" });
    page.socket.drop(4401);
    await clock.pass(2_000);
    expect(desk.requests.at(-1)).toMatchObject({ path: "/widget/session", body: { token: "token-1" } });
    const renewed = await page.welcome();
    expect(renewed.sentOf("hello")[0]).toMatchObject({ token: "token-2" });
  });

  test("one that is about to end is renewed before it is used", async () => {
    desk.expires_at = "2026-11-22T10:00:30Z";
    const socket = await page.start();
    desk.expires_at = "2026-12-22T10:00:00Z";
    socket.drop();
    page.wake();
    const renewed = await page.welcome();
    expect(renewed.sentOf("hello")[0]).toMatchObject({ token: "token-2" });
  });

  test("a good one is used again after a reload", async () => {
    await page.start();
    reload();
    await page.start();
    expect(desk.tokens).toBe(1);
  });

  test("an identity that leads to another conversation leaves this one behind", async () => {
    await page.start();
    page.say(buildEntry(1));
    desk.conversation_id = "conversation-of-maya";
    page.client.identify("signed");
    await page.welcome({ conversation_id: "conversation-of-maya" });
    expect(desk.requests.at(-1)?.body).toMatchObject({ identity: "signed", token: "token-1" });
    expect(page.texts).toEqual([]);
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ after_seq: 0, token: "token-2" });
  });

  test("a refused identity does not lock the customer out", async () => {
    desk.identity_is_good = false;
    page.client.identify("forged");
    page.client.start();
    await clock.pass(2_000);
    const socket = await page.welcome();
    expect(socket.sentOf("hello")[0]).toMatchObject({ token: "token-1" });
  });

  test("an identity that has run out keeps the session that is there", async () => {
    const socket = await page.start();
    page.say(buildEntry(1));
    desk.identity_is_good = false;
    page.client.identify("too old");
    await page.welcome({ last_seq: 1 });
    expect(socket.is_closed).toBe(true);
    expect(page.socket.sentOf("hello")[0]).toMatchObject({ token: "token-1" });
    expect(page.texts).toEqual(["entry 1"]);
    expect(page.refused_identities).toBe(1);
  });

  test("a known customer's session is not renewed before the page says who it is", async () => {
    page.client.identify("signed");
    await page.start();
    reload();
    page.client.setLocale("zh");
    await page.start();
    expect(desk.tokens).toBe(1);
    page.client.identify("signed");
    await settle();
    expect(desk.requests.at(-1)?.body).toMatchObject({ identity: "signed", locale: "zh", token: "token-1" });
  });

  test("the same language again asks for nothing", async () => {
    await page.start();
    page.client.setLocale("en");
    await settle();
    expect(desk.tokens).toBe(1);
    page.client.setLocale("zh");
    await page.welcome();
    expect(page.state.settings?.locale).toBe("zh");
  });

  test("signing out and in again opens one session, the new customer's", async () => {
    await page.start();
    desk.conversation_id = "conversation-of-tom";
    page.client.identify(null);
    page.client.identify("tom");
    await page.welcome({ conversation_id: "conversation-of-tom" });
    expect(desk.requests.map(({ body }) => body.identity)).toEqual([undefined, "tom"]);
    expect(desk.requests.at(-1)?.body).not.toHaveProperty("token");
  });

  test("an answer that comes after signing out is not taken", async () => {
    page.client.start();
    await Promise.resolve();
    page.client.identify(null);
    await page.welcome();
    expect(desk.tokens).toBe(2);
    expect(storage.get("session")).toContain("token-2");
  });

  test("signing out forgets the conversation, the session and what was not sent", async () => {
    await page.start();
    page.say(buildEntry(1));
    page.client.post("secret");
    page.client.identify(null);
    expect(page.state.log).toBeNull();
    expect(page.state.outbox).toEqual([]);
    expect(JSON.stringify(storage.keys().map((key) => storage.get(key)))).not.toContain("secret");
    await settle();
    expect(desk.requests.at(-1)?.body).not.toHaveProperty("token");
  });
});

describe("where no websocket gets through", () => {
  async function failSockets(): Promise<void> {
    page.client.start();
    for (let i = 0; i < POLL_AFTER_FAILURES; i++) {
      await settle();
      page.socket.drop();
      await clock.pass(4_000);
    }
  }

  const answer = (entries: Entry[], last_seq: number) =>
    Response.json({ entries, owner: { kind: "bot" }, last_seq });

  test("the log is read by polling and messages go by POST", async () => {
    const polls: string[] = [];
    desk.poll = async (request) => {
      polls.push(request.path);
      if (polls.length === 1) return answer([buildEntry(1)], 1);
      return new Promise(() => undefined);
    };
    desk.post = async ({ body }) => Response.json({ client_id: body.client_id, seq: 2 });
    await failSockets();
    expect(page.state.connection).toBe("live");
    expect(page.texts).toEqual(["entry 1"]);
    expect(polls).toEqual(["/widget/entries?after=0&wait_seconds=0", "/widget/entries?after=1"]);
    page.client.post("hi");
    await settle();
    expect(page.state.outbox).toEqual([]);
    expect(page.texts).toEqual(["entry 1", "hi"]);
    expect(desk.requests.at(-1)).toMatchObject({
      path: "/widget/messages",
      token: "token-1",
      body: { text: "hi" },
    });
  });

  test("polling ends when a socket comes through", async () => {
    desk.poll = async () => answer([], 0);
    await failSockets();
    await page.welcome();
    const before = desk.requests.length;
    await clock.pass(10_000);
    expect(desk.requests.length).toBe(before);
    expect(page.state.connection).toBe("live");
  });

  test("a desk that is away altogether is asked ever less often", async () => {
    await failSockets();
    desk.is_up = false;
    desk.poll = async () => Response.json({}, { status: 503 });
    await clock.pass(120_000);
    expect(page.state.connection).toBe("reconnecting");
    expect(desk.requests.length).toBeLessThan(40);
  });
});

test("a wish for a person is made once", async () => {
  const socket = await page.start();
  page.client.requestPerson();
  page.client.requestPerson();
  expect(socket.sentOf("request_person")).toHaveLength(1);
  const [wish] = socket.sentOf("request_person");
  socket.say({ type: "ack", client_id: wish?.client_id, seq: 1 });
  expect(page.state.outbox).toEqual([]);
  expect(page.texts).toEqual([]);
  socket.say({ type: "owner", owner: { kind: "queue", position: 2, wait_minutes: 4 } });
  expect(page.state.log?.owner).toMatchObject({ kind: "queue", position: 2, wait_minutes: 4 });
});

test("a wish that the desk refuses can be made again", async () => {
  const socket = await page.start();
  page.client.requestPerson();
  const [wish] = socket.sentOf("request_person");
  socket.say({ type: "refused", code: "wrong_owner", message: "", client_id: wish?.client_id });
  expect(page.state.outbox).toEqual([]);
});

test("what has been read is said once, and again after a reconnect", async () => {
  const socket = await page.start();
  page.say(buildEntry(1));
  page.client.markRead();
  page.client.markRead();
  expect(socket.sentOf("read").map((read) => read.seq)).toEqual([1]);
  socket.drop();
  page.wake();
  await page.welcome({ last_seq: 1 });
  expect(page.socket.sentOf("read").map((read) => read.seq)).toEqual([1]);
});
