import { beforeEach, describe, expect, test } from "vitest";
import { memoryStorage } from "../../shared/storage";
import type { JsonObject } from "../../shared/wire-reader";
import { type Notice, RESOLVE_DELAY_MS } from "../state/console";
import { DeskError } from "../wire/http";
import { buildSummary, golden, MAYA_ID, Stand } from "./stand";

let stand: Stand;
beforeEach(async () => {
  stand = new Stand();
  await stand.goLive();
});

const REPLY = `POST /conversations/${MAYA_ID}/reply`;

describe("the session", () => {
  test("nobody signed in asks for a login", async () => {
    const other = new Stand();
    other.desk.on("GET /me", { code: "unauthorized", message: "", details: {} }, 401);
    await other.console.start();
    expect(other.state.session).toBe("signed_out");
  });

  test("a desk that is away is asked again", async () => {
    const other = new Stand();
    other.desk.goAway("GET /me");
    await other.console.start();
    expect(other.state.session).toBe("unreachable");
    other.desk.on("GET /me", golden("http_login_response"));
    await other.clock.pass(6_000);
    expect(other.state.session).toBe("live");
  });

  test("an answer of 401 ends the session but keeps drafts and what is on the screen", async () => {
    stand.console.watch(MAYA_ID);
    await stand.clock.pass(0);
    stand.console.drafts.set(MAYA_ID, "reply", "half written");
    stand.desk.on(REPLY, { code: "unauthorized", message: "", details: {} }, 401);
    stand.console.post(MAYA_ID, "reply", "hello");
    await stand.clock.pass(0);
    expect(stand.state.session).toBe("expired");
    expect(stand.state.outbox[0]?.status).toBe("failed");
    await stand.console.login("sam@example.com", "a long pass phrase");
    expect(stand.state.session).toBe("live");
    expect(stand.state.logs.get(MAYA_ID)?.entries.length).toBeGreaterThan(0);
    expect(stand.console.drafts.get(MAYA_ID, "reply")).toBe("half written");
  });

  test("an article that is half written waits for its writer, not for whoever signs in next", async () => {
    const { articles } = stand.console;
    const draft = {
      title: "a",
      section: "",
      audience: "agents",
      language: "en",
      questions: "",
      body: "half",
    };
    articles.written.set("a-group", draft);
    articles.changed.set("an-article", { draft, version: "1", late: "" });
    stand.console.expire();
    await stand.console.login("sam@example.com", "a long pass phrase");
    expect(articles.written.get("a-group")).toEqual(draft);
    const session = golden("http_login_response");
    const kim = { ...(session.agent as JsonObject), id: "01KATESTAGENTKIM0000000001" };
    stand.desk.on("POST /login", { ...session, agent: kim });
    stand.console.expire();
    await stand.console.login("kim@example.com", "another pass phrase");
    expect(stand.console.articles).toEqual({ written: new Map(), changed: new Map() });
  });

  test("the socket's 4401 ends the session too", () => {
    stand.socket.drop(4401);
    expect(stand.state.session).toBe("expired");
  });
});

describe("claiming", () => {
  test("a conversation that somebody else took says who has it", async () => {
    stand.desk.on(`POST /conversations/${MAYA_ID}/claim`, golden("http_error_taken"), 409);
    const refused = await stand.console.claim(buildSummary()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DeskError);
    expect(refused).toMatchObject({ code: "conversation_taken", details: { owner: { agent_name: "Sam" } } });
  });

  test("names the version that was looked at", async () => {
    await stand.console.claim(buildSummary({ version: 2 }));
    expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/claim`)[0]?.body).toEqual({ version: 2 });
    expect(stand.state.summaries.get(MAYA_ID)?.owner.kind).toBe("agent");
  });
});

describe("sending", () => {
  test("a message is pending, then in the log", async () => {
    stand.console.watch(MAYA_ID);
    await stand.clock.pass(0);
    stand.console.post(MAYA_ID, "reply", "Hello Maya");
    expect(stand.state.outbox[0]?.status).toBe("pending");
    await stand.clock.pass(0);
    expect(stand.state.outbox).toEqual([]);
    expect(stand.state.logs.get(MAYA_ID)?.entries.at(-1)?.kind).toBe("agent");
  });

  test("a failed message stays, and its retry carries the same client id", async () => {
    stand.desk.goAway(REPLY);
    stand.console.post(MAYA_ID, "reply", "Hello Maya");
    await stand.clock.pass(0);
    const failed = stand.state.outbox[0];
    expect(failed).toMatchObject({ status: "failed", reason: "unreachable" });
    stand.desk.on(REPLY, golden("http_reply_response"));
    stand.console.retry(failed?.client_id ?? "");
    await stand.clock.pass(0);
    expect(stand.state.outbox).toEqual([]);
    const ids = stand.desk.askedFor(REPLY).map(({ body }) => body.client_id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test("what was stored although its answer got lost is not shown twice", async () => {
    stand.desk.goAway(REPLY);
    stand.console.post(MAYA_ID, "reply", "Hello Maya");
    const client_id = stand.state.outbox[0]?.client_id ?? "";
    const frame = golden("server_entry_agent");
    stand.socket.say({ ...frame, entry: { ...(frame.entry as object), client_id } });
    await stand.clock.pass(0);
    expect(stand.state.outbox).toEqual([]);
  });

  test("two messages go out one after the other", async () => {
    stand.console.post(MAYA_ID, "reply", "one");
    stand.console.post(MAYA_ID, "reply", "two");
    await stand.clock.pass(0);
    expect(stand.desk.askedFor(REPLY).map(({ body }) => body.text)).toEqual(["one", "two"]);
  });

  test("what an earlier page left unsent is shown as not sent", () => {
    const storage = memoryStorage();
    const before = new Stand(storage);
    before.desk.goAway(REPLY);
    before.console.post(MAYA_ID, "note", "keep me");
    const reopened = new Stand(storage);
    expect(reopened.state.outbox[0]).toMatchObject({ text: "keep me", kind: "note", status: "failed" });
  });

  test("typing is told at most every three seconds, and its end once", async () => {
    const typings = () => stand.socket.sentOf("typing").map((frame) => frame.is_typing);
    for (let i = 0; i < 5; i++) stand.console.typed(MAYA_ID);
    expect(typings()).toEqual([true]);
    await stand.clock.pass(3_000);
    stand.console.typed(MAYA_ID);
    stand.console.stopTyping();
    stand.console.stopTyping();
    expect(typings()).toEqual([true, true, false]);
  });
});

describe("resolving", () => {
  const RESOLVE = `POST /conversations/${MAYA_ID}/resolve`;
  beforeEach(() => stand.desk.on(RESOLVE, golden("server_summary_closed").summary));

  test("happens after five seconds", async () => {
    stand.console.resolveSoon(buildSummary());
    await stand.clock.pass(RESOLVE_DELAY_MS - 1);
    expect(stand.desk.askedFor(RESOLVE)).toEqual([]);
    await stand.clock.pass(1);
    expect(stand.state.summaries.get(MAYA_ID)?.owner.kind).toBe("closed");
    expect(stand.state.resolving.size).toBe(0);
  });

  test("can be undone until then", async () => {
    stand.console.resolveSoon(buildSummary());
    expect(stand.console.undoResolve()).toBe(MAYA_ID);
    await stand.clock.pass(RESOLVE_DELAY_MS);
    expect(stand.desk.askedFor(RESOLVE)).toEqual([]);
    expect(stand.console.undoResolve()).toBeNull();
  });

  test("stops when the customer writes meanwhile", async () => {
    const notices: Notice[] = [];
    stand.console.onNotice((notice) => notices.push(notice));
    const summary = buildSummary();
    stand.socket.say({ type: "summary", summary });
    stand.console.resolveSoon(summary);
    const wrote = {
      ...summary,
      last_entry: { seq: 9, kind: "customer", text: "wait", at: summary.created_at, code: null, params: {} },
    };
    stand.socket.say({ type: "summary", summary: wrote });
    await stand.clock.pass(RESOLVE_DELAY_MS);
    expect(stand.desk.askedFor(RESOLVE)).toEqual([]);
    expect(notices.map((notice) => notice.type)).toContain("resolve_stopped");
  });

  test("is done at once when the page goes away", () => {
    stand.console.resolveSoon(buildSummary());
    stand.console.leave();
    expect(stand.desk.askedFor(RESOLVE)).toHaveLength(1);
  });
});

describe("live", () => {
  test("a reconnect reads on after the last seq", async () => {
    stand.console.watch(MAYA_ID);
    await stand.clock.pass(0);
    stand.socket.drop();
    expect(stand.state.connection).toBe("away");
    await stand.clock.pass(1_000);
    stand.greet();
    expect(stand.socket.sentOf("watch")).toMatchObject([{ conversation_id: MAYA_ID, after_seq: 4 }]);
    expect(stand.state.connection).toBe("live");
  });

  test("a new handoff is told, a known one is not", () => {
    const notices: Notice[] = [];
    stand.console.onNotice((notice) => notices.push(notice));
    const bot = golden("server_summary_bot");
    const queue = golden("server_summary_queue");
    stand.socket.say(bot);
    stand.socket.say(queue);
    stand.socket.say(queue);
    expect(notices.map((notice) => notice.type)).toEqual(["handoff"]);
  });

  test("typing is hidden after its time", async () => {
    stand.socket.say(golden("server_typing_customer"));
    expect(stand.state.typing.size).toBe(1);
    await stand.clock.pass(6_000);
    expect(stand.state.typing.size).toBe(0);
  });

  test("a ticket that the bot opened is fetched for the open conversation", async () => {
    stand.console.watch(MAYA_ID);
    await stand.clock.pass(0);
    stand.socket.say(golden("server_entry_ticket_opened"));
    await stand.clock.pass(0);
    expect(stand.desk.askedFor("GET /tickets/T-1001")).toHaveLength(1);
  });

  test("a frame that nobody knows does no harm", () => {
    stand.socket.say({ type: "party" });
    expect(stand.state.connection).toBe("live");
  });
});
