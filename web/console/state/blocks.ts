/** A conversation as a document: what is shown in which order, decided without a DOM. */
import type { Entry } from "../wire/wire";
import { openDraft } from "./log";

export type Block =
  | { type: "day"; key: string; at: string }
  | { type: "boundary"; key: string; entry: Entry; is_current_handoff: boolean }
  | { type: "remark"; key: string; entry: Entry }
  | { type: "draft"; key: string; entry: Entry; is_dimmed: boolean }
  | { type: "group"; key: string; kind: Entry["kind"]; entries: readonly Entry[]; is_dimmed: boolean };

/** System entries after which somebody else speaks. */
const BOUNDARIES = new Set([
  "queue_joined",
  "agent_joined",
  "agent_left",
  "returned_to_bot",
  "conversation_closed",
  "nobody_available",
]);
const ENDS_HUMAN_STRETCH = new Set(["returned_to_bot", "conversation_closed", "nobody_available"]);
const GROUP_GAP_MS = 120_000;

/**
 * Arrange entries (ascending by seq).
 *
 * What the bot and the customer said before a person took over is dimmed; colleagues' parts stay. `dayOf` names the viewer's calendar day
 * of a time.
 */
export function buildBlocks(entries: readonly Entry[], dayOf: (at: string) => string): Block[] {
  const taken_over_seq = takenOverSeq(entries);
  const handoff_seq = entries.findLast((entry) => entry.code === "queue_joined")?.seq ?? 0;
  const open_draft = openDraft(entries);
  const blocks: Block[] = [];
  let day = "";
  for (const entry of entries) {
    if (entry.seq === open_draft?.seq) continue; // it stands above the composer
    if (dayOf(entry.at) !== day) {
      day = dayOf(entry.at);
      blocks.push({ type: "day", key: `day-${entry.seq}`, at: entry.at });
    }
    const is_dimmed = entry.seq < taken_over_seq && (entry.kind === "bot" || entry.kind === "customer");
    append(blocks, entry, is_dimmed, entry.seq === handoff_seq);
  }
  return blocks;
}

/** Where the present (or last) human stretch begins: colleagues who pass it on are one stretch. 0 when there is none. */
function takenOverSeq(entries: readonly Entry[]): number {
  const last_joined = entries.findLastIndex((entry) => entry.code === "agent_joined");
  const before = entries.slice(0, last_joined + 1);
  const bot_ended = before.findLastIndex(
    (entry) => entry.code !== null && ENDS_HUMAN_STRETCH.has(entry.code),
  );
  return before.slice(bot_ended + 1).find((entry) => entry.code === "agent_joined")?.seq ?? 0;
}

function append(blocks: Block[], entry: Entry, is_dimmed: boolean, is_current_handoff: boolean): void {
  const key = `seq-${entry.seq}`;
  if (entry.kind === "system") {
    const is_boundary = entry.code !== null && BOUNDARIES.has(entry.code);
    blocks.push(
      is_boundary ? { type: "boundary", key, entry, is_current_handoff } : { type: "remark", key, entry },
    );
    return;
  }
  if (entry.is_draft) {
    blocks.push({ type: "draft", key, entry, is_dimmed });
    return;
  }
  const last = blocks.at(-1);
  if (last?.type === "group" && continues(last.entries, entry))
    blocks[blocks.length - 1] = { ...last, entries: [...last.entries, entry] };
  else blocks.push({ type: "group", key, kind: entry.kind, entries: [entry], is_dimmed });
}

function continues(before: readonly Entry[], entry: Entry): boolean {
  const last = before.at(-1);
  if (last === undefined || last.kind !== entry.kind || last.author?.id !== entry.author?.id) return false;
  return Date.parse(entry.at) - Date.parse(last.at) < GROUP_GAP_MS;
}
