import type { View } from "../wire/http";
import type { Summary } from "../wire/wire";

/** Say whether a conversation is in a view, for the agent who looks. */
export function isInView(summary: Summary, view: View, my_id: string): boolean {
  return IN_VIEW[view](summary, my_id);
}

const IN_VIEW: Record<View, (summary: Summary, my_id: string) => boolean> = {
  waiting: ({ owner }) => owner.kind === "queue",
  mine: ({ owner }, my_id) => owner.kind === "agent" && owner.agent_id === my_id,
  bot: ({ owner }) => owner.kind === "bot",
  all: ({ owner }) => owner.kind !== "closed",
  closed: ({ owner }) => owner.kind === "closed",
};

/** List a view: who waits longest comes first; elsewhere what happened last does. */
export function listView(summaries: Iterable<Summary>, view: View, my_id: string): Summary[] {
  const found = [...summaries].filter((summary) => isInView(summary, view, my_id));
  return found.sort(view === "waiting" ? byWaiting : byRecency);
}

function byWaiting(a: Summary, b: Summary): number {
  const by_place = (a.queue_position ?? 0) - (b.queue_position ?? 0);
  const is_placed = a.queue_position !== null && b.queue_position !== null && by_place !== 0;
  return is_placed
    ? by_place
    : compare(a.waiting_since ?? a.created_at, b.waiting_since ?? b.created_at, a, b);
}

function byRecency(a: Summary, b: Summary): number {
  return compare(b.last_entry?.at ?? b.created_at, a.last_entry?.at ?? a.created_at, a, b);
}

/** The desk writes all times alike (UTC, milliseconds), so text order is time order. */
function compare(one: string, other: string, a: Summary, b: Summary): number {
  if (one !== other) return one < other ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
