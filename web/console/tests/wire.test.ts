import { describe, expect, test } from "vitest";
import { UnknownFrame, WireError } from "../../shared/wire-reader";
import { parseExplanation } from "../wire/explanation";
import { decidingAction, parseTrace, policyName } from "../wire/trace";
import {
  parseAgents,
  parseConversation,
  parseEntries,
  parseEntryAnswer,
  parseOverview,
  parseServerFrame,
  parseSession,
  parseSummaries,
  parseSummary,
  parseTicket,
  parseTickets,
} from "../wire/wire";
import { GOLDEN_NAMES, golden } from "./stand";

const server_names = GOLDEN_NAMES.filter(
  (name) => name.startsWith("server_") && name !== "server_pong.json",
).map((name) => name.replace(".json", ""));

describe("golden frames", () => {
  test.each(server_names)("%s is read without loss of what agents see", (name) => {
    const raw = golden(name);
    const frame = parseServerFrame(raw);
    expect(frame.type).toBe(raw.type);
    if (frame.type === "summary") expect(frame.summary).toEqual(raw.summary);
    if (frame.type === "entry") {
      const { trace: _, ...shown } = raw.entry as Record<string, unknown>;
      expect(frame.entry).toMatchObject(shown);
    }
  });

  test("a whole conversation is read, with its tickets", () => {
    const raw = golden("http_conversation");
    const detail = parseConversation(raw);
    expect(detail.entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
    expect(detail.tickets[0]?.number).toBe("T-1001");
    expect(detail.summary.handoff?.reason).toBe("customer_asked");
  });

  test("the other answers are read", () => {
    expect(parseSession(golden("http_login_response")).agent.name).toBe("Sam");
    expect(parseSummaries(golden("http_conversations")).items).toHaveLength(2);
    expect(parseSummary(golden("http_claim_response")).owner.kind).toBe("agent");
    expect(parseEntryAnswer(golden("http_reply_response")).kind).toBe("agent");
    expect(parseEntries(golden("http_entries")).map((entry) => entry.kind)).toEqual(["agent", "note"]);
    expect(parseOverview(golden("http_overview")).waiting).toBe(2);
    expect(parseAgents(golden("http_agents")).items[0]?.presence).toBe("online");
    expect(parseTicket(golden("http_ticket")).comments.map((comment) => comment.is_public)).toEqual([
      true,
      false,
    ]);
    expect(parseTickets(golden("http_tickets")).items[0]?.subject).toBe("Late parcel NL-10245");
  });
});

test("a trace keeps ranking, actions and what changed in the slots", () => {
  const entry = golden("server_entry_bot").entry as Record<string, unknown>;
  const trace = parseTrace(entry.trace);
  expect(trace.intent).toEqual({ name: "order_late", confidence: 0.93 });
  expect(trace.slots_changed).toEqual([{ name: "order_number", before: null, after: "NL-10245" }]);
  expect(trace.total_ms).toBe(21.8);
  expect(policyName(decidingAction(trace)?.policy ?? "")).toBe("rule");
});

test("a trace keeps the nearest examples, the second intent and the familiarity", () => {
  const entry = golden("server_entry_bot").entry as Record<string, unknown>;
  const evidence = parseTrace(entry.trace).evidence;
  expect(evidence?.nearest[0]).toEqual({ text: "my parcel is late", intent: "order_late", cosine: 0.93 });
  expect(evidence?.nearest.length).toBe(3);
  expect([evidence?.second, evidence?.margin]).toEqual(["order_status", 0.89]);
  expect([evidence?.familiarity, evidence?.threshold]).toEqual([1.87, 1.61]);
});

test("a trace from before there was evidence has none", () => {
  expect(parseTrace({ intent: { name: "greet", confidence: 1 } }).evidence).toBeNull();
  expect(parseTrace({ evidence: null }).evidence).toBeNull();
});

test("an explanation is read with its words in order", () => {
  const explanation = parseExplanation(golden("http_explanation"));
  expect(explanation.words.map(({ word }) => word).join("")).toBe("WhereisNL-10245?");
  expect([explanation.intent, explanation.second]).toEqual(["order_late", "order_status"]);
  expect(explanation.is_same_model).toBe(true);
  expect(parseExplanation({ ...golden("http_explanation"), is_same_model: null }).is_same_model).toBeNull();
  expect(() => parseExplanation({ ...golden("http_explanation"), words: [{}] })).toThrow(WireError);
});

test("an unknown type is told from a broken frame", () => {
  expect(() => parseServerFrame({ type: "party" })).toThrow(UnknownFrame);
  expect(() => parseServerFrame({ type: "summary", summary: { id: 7 } })).toThrow(WireError);
});
