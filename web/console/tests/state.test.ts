import { describe, expect, test } from "vitest";
import { buildBlocks } from "../state/blocks";
import { openDraft } from "../state/log";
import { type Happening, INITIAL, reduce, type State } from "../state/state";
import { isInView, listView } from "../state/views";
import { parseConversation } from "../wire/wire";
import { buildAgentEntry, buildSummary, golden, MAYA_ID, SAM_ID } from "./stand";

const stateAfter = (...happenings: Happening[]): State => happenings.reduce(reduce, INITIAL);
const detail = parseConversation(golden("http_conversation"));
const owner = (kind: "bot" | "queue" | "agent" | "closed", agent_id: string | null = null) => ({
  kind,
  agent_id,
  agent_name: agent_id,
});

describe("what is known of conversations", () => {
  test("a summary that is older than the known one is left out", () => {
    const newer = buildSummary({ version: 3, owner: owner("agent", SAM_ID) });
    const state = stateAfter(
      { type: "summary", summary: newer },
      { type: "summary", summary: buildSummary({ version: 2 }) },
    );
    expect(state.summaries.get(MAYA_ID)?.version).toBe(3);
  });

  test("an entry with a known seq replaces it, one with a lower seq finds its place", () => {
    const answered = { ...buildAgentEntry(3), answered_button: "b1" };
    const state = stateAfter(
      { type: "detail", detail },
      { type: "entry", id: MAYA_ID, entry: buildAgentEntry(6) },
      { type: "entry", id: MAYA_ID, entry: buildAgentEntry(5) },
      { type: "entry", id: MAYA_ID, entry: answered },
    );
    const log = state.logs.get(MAYA_ID);
    expect(log?.entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(log?.entries[2]?.answered_button).toBe("b1");
    expect(log?.cursor).toBe(6);
  });

  test("the whole conversation keeps what arrived live meanwhile", () => {
    const state = stateAfter(
      { type: "log_loading", id: MAYA_ID },
      { type: "entry", id: MAYA_ID, entry: buildAgentEntry(5) },
      { type: "detail", detail },
    );
    expect(state.logs.get(MAYA_ID)?.entries.at(-1)?.seq).toBe(5);
  });

  test("after a break the old list stays until the new one tells who has left", () => {
    const other = buildSummary({ id: "other" });
    const broken = stateAfter(
      { type: "detail", detail },
      { type: "summary", summary: other },
      { type: "stale", open_id: null },
    );
    expect(broken.summaries.size).toBe(2);
    expect(broken.lists.waiting.status).toBe("idle");
    const page = { type: "page", view: "waiting", summaries: [buildSummary()], next_cursor: null } as const;
    expect([...reduce(broken, page).summaries.keys()]).toEqual([MAYA_ID]);
    const came_back = reduce(reduce(broken, { type: "summary", summary: other }), page);
    expect([...came_back.summaries.keys()]).toEqual([MAYA_ID, "other"]);
  });

  test("a customer's message ends their typing", () => {
    const state = stateAfter(
      { type: "detail", detail },
      { type: "typing", id: MAYA_ID, typing: { who: "customer", name: null } },
      { type: "entry", id: MAYA_ID, entry: buildAgentEntry(5, { kind: "customer" }) },
    );
    expect(state.typing.size).toBe(0);
  });

  test("results of a search that was given up do not show", () => {
    const summary = buildSummary();
    const state = stateAfter(
      { type: "search_began", view: "all", query: "new" },
      { type: "search_page", view: "all", query: "old", summaries: [summary], next_cursor: null },
    );
    expect(state.search?.ids).toEqual([]);
  });
});

describe("views", () => {
  test("every owner is in its views and no other", () => {
    const views = ["waiting", "mine", "bot", "all", "closed"] as const;
    const of = (summary: ReturnType<typeof buildSummary>) =>
      views.filter((view) => isInView(summary, view, SAM_ID));
    expect(of(buildSummary({ owner: owner("queue") }))).toEqual(["waiting", "all"]);
    expect(of(buildSummary({ owner: owner("agent", SAM_ID) }))).toEqual(["mine", "all"]);
    expect(of(buildSummary({ owner: owner("agent", "other") }))).toEqual(["all"]);
    expect(of(buildSummary({ owner: owner("bot") }))).toEqual(["bot", "all"]);
    expect(of(buildSummary({ owner: owner("closed") }))).toEqual(["closed"]);
  });

  test("who waits longest comes first; elsewhere what happened last", () => {
    const at = (id: string, since: string) =>
      buildSummary({ id, waiting_since: since, queue_position: null });
    const waiting = [at("b", "2026-11-22T10:05:00.000Z"), at("a", "2026-11-22T10:01:00.000Z")];
    expect(listView(waiting, "waiting", SAM_ID).map((row) => row.id)).toEqual(["a", "b"]);
    const bot = ["10:01", "10:09"].map((time, i) =>
      buildSummary({
        id: String(i),
        owner: owner("bot"),
        last_entry: {
          seq: 1,
          kind: "bot",
          text: "",
          at: `2026-11-22T${time}:00.000Z`,
          code: null,
          params: {},
        },
      }),
    );
    expect(listView(bot, "bot", SAM_ID).map((row) => row.id)).toEqual(["1", "0"]);
  });
});

describe("the document", () => {
  const day = (at: string) => at.slice(0, 10);
  const system = (seq: number, code: string) => buildAgentEntry(seq, { kind: "system", code, text: code });

  test("only what bot and customer said before a person took over is dimmed", () => {
    const blocks = buildBlocks(
      [
        buildAgentEntry(1, { kind: "customer" }),
        buildAgentEntry(2),
        system(3, "agent_joined"),
        buildAgentEntry(4, { kind: "agent" }),
        system(5, "agent_left"),
        system(6, "agent_joined"),
        buildAgentEntry(7, { kind: "customer" }),
      ],
      day,
    );
    const groups = blocks.filter((block) => block.type === "group");
    expect(groups.map((block) => [block.kind, block.is_dimmed])).toEqual([
      ["customer", true],
      ["bot", true],
      ["agent", false],
      ["customer", false],
    ]);
  });

  test("a return to the bot begins a new stretch", () => {
    const blocks = buildBlocks(
      [
        system(1, "agent_joined"),
        system(2, "returned_to_bot"),
        buildAgentEntry(3),
        system(4, "agent_joined"),
      ],
      day,
    );
    expect(blocks.find((block) => block.type === "group")).toMatchObject({ is_dimmed: true });
  });

  test("consecutive lines of one speaker stand together, until two minutes pass or a line divides them", () => {
    const late = new Date(Date.parse("2026-11-22T10:05:00Z")).toISOString();
    const blocks = buildBlocks(
      [buildAgentEntry(1), buildAgentEntry(2), buildAgentEntry(3, { at: late }), system(4, "queue_joined")],
      day,
    );
    expect(blocks.map((block) => block.type)).toEqual(["day", "group", "group", "boundary"]);
    expect(blocks.at(-1)).toMatchObject({ is_current_handoff: true });
  });

  test("the open draft stands above the composer, an answered one in the log", () => {
    const draft = buildAgentEntry(2, { is_draft: true });
    const question = buildAgentEntry(1, { kind: "customer" });
    expect(openDraft([question, draft])).toBe(draft);
    expect(buildBlocks([question, draft], day).some((block) => block.type === "draft")).toBe(false);
    const answered = [question, draft, buildAgentEntry(3, { kind: "agent" })];
    expect(openDraft(answered)).toBeNull();
    expect(buildBlocks(answered, day).some((block) => block.type === "draft")).toBe(true);
  });
});
