import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ulid } from "./ulid";
import {
  type ClientFrame,
  encodeFrame,
  parseEntry,
  parsePollAnswer,
  parseServerFrame,
  parseSessionGrant,
} from "./wire";
import { type JsonObject, UnknownFrame, WireError } from "./wire-reader";

const GOLDEN = new URL("../../tests/golden/widget/", import.meta.url);
const names = readdirSync(GOLDEN).filter((name) => name.endsWith(".json"));
const golden = (name: string): JsonObject => JSON.parse(readFileSync(new URL(name, GOLDEN), "utf8"));
const serverNames = names.filter((name) => name.startsWith("server_"));

describe("golden frames", () => {
  test("there are some of every server type", () => {
    const types = new Set(serverNames.map((name) => golden(name).type));
    for (const type of ["welcome", "entry", "ack", "refused", "typing", "owner", "read", "pong", "resync"]) {
      expect(types).toContain(type);
    }
  });

  test.each(serverNames)("%s is read without loss of what the widget shows", (name) => {
    const raw = golden(name);
    const frame = parseServerFrame(raw);
    expect(frame.type).toBe(raw.type);
    if (frame.type === "entry") expect(frame.entry).toEqual(raw.entry);
  });

  test("a session's answer is read", () => {
    const grant = parseSessionGrant(golden("http_session_response.json"));
    expect(grant.settings.starters.length).toBeGreaterThan(0);
    expect(Date.parse(grant.expires_at)).not.toBeNaN();
  });

  test("a poll's answer is read", () => {
    const answer = parsePollAnswer(golden("http_entries_response.json"));
    expect(answer.entries.map((entry) => entry.seq)).toEqual([1, 2]);
  });

  const frames: Record<string, ClientFrame> = {
    "client_hello.json": { type: "hello", token: "eyJhbGciOiJIUzI1NiJ9.example.signature", after_seq: 0 },
    "client_post_text.json": {
      type: "post",
      client_id: "01KATESTMESSAGE00000000001",
      text: "Where is NL-10245?",
    },
    "client_post_button.json": {
      type: "post",
      client_id: "01KATESTMESSAGE00000000002",
      button: { seq: 3, id: "b1" },
    },
    "client_post_starter.json": { type: "post", client_id: "01KATESTMESSAGE00000000003", starter: "track" },
    "client_request_person.json": { type: "request_person", client_id: "01KATESTMESSAGE00000000004" },
    "client_leave_person.json": { type: "leave_person", client_id: "01KATESTMESSAGE00000000005" },
    "client_rate.json": {
      type: "rate",
      client_id: "01KATESTMESSAGE00000000006",
      seq: 4,
      is_helpful: true,
    },
    "client_typing.json": { type: "typing", is_typing: true },
    "client_read.json": { type: "read", seq: 5 },
    "client_ping.json": { type: "ping" },
  };

  test.each(names.filter((name) => name.startsWith("client_")))("%s is what this client sends", (name) => {
    const frame = frames[name];
    if (frame === undefined) throw new Error(`no frame for ${name}`);
    const sent = JSON.parse(
      encodeFrame(frame, "01KATESTCLIENT000000000001", Date.parse("2026-11-22T10:05:00Z")),
    );
    expect(sent).toEqual(golden(name));
  });
});

describe("strange frames", () => {
  test("an unknown type is refused by name", () => {
    expect(() => parseServerFrame({ type: "constructor" })).toThrow(UnknownFrame);
    expect(() => parseServerFrame({ type: "new_in_2030" })).toThrow(/new_in_2030/);
  });

  test.each([null, 1, "text", [], {}, { type: 1 }, { type: "entry" }, { type: "ack", client_id: "x" }])(
    "%j is refused, not guessed at",
    (frame) => {
      expect(() => parseServerFrame(frame)).toThrow(WireError);
    },
  );

  test.each([-1, 1.5, "1", null])("an entry's seq may not be %j", (seq) => {
    expect(() => parseEntry({ seq, kind: "bot", text: "x", at: "2026-11-22T10:00:00Z" })).toThrow(
      "entry.seq",
    );
  });

  test("unknown fields are read over", () => {
    const entry = { seq: 1, kind: "bot", text: "x", at: "2026-11-22T10:00:00Z", later: { any: "thing" } };
    expect(parseEntry(entry)).not.toHaveProperty("later");
  });
});

test("ids sort by the time they were made and do not repeat", () => {
  const ids = Array.from({ length: 1000 }, (_, i) => ulid(1_700_000_000_000 + i));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
});
