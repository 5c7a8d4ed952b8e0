/** Why the bot said what it said: one turn of the engine, as agents see it. */
import { isObject, type JsonObject, Reader } from "../../shared/wire-reader";

export interface Scored {
  name: string;
  /** In [0, 1]. */
  confidence: number;
}

export interface TraceEntity {
  entity: string;
  value: string;
  confidence: number | null;
}

/** An example the bot was taught, and how near the message is to it: a cosine in [-1, 1]. */
export interface NearExample {
  text: string;
  intent: string;
  cosine: number;
}

/** What stands behind an understanding. */
export interface Evidence {
  /** Nearest first, at most three. */
  nearest: readonly NearExample[];
  /** Below the threshold the message is out of scope. */
  familiarity: number | null;
  threshold: number | null;
  second: string | null;
  /** How much less likely the second intent is, in [0, 1]. */
  margin: number | null;
}

export interface TraceAction {
  name: string;
  policy: string | null;
  confidence: number | null;
  duration_ms: number | null;
  error: string | null;
}

export interface SlotChange {
  name: string;
  before: unknown;
  after: unknown;
}

export interface Trace {
  model_id: string | null;
  intent: Scored | null;
  /** Best first, at most five. */
  intent_ranking: readonly Scored[];
  entities: readonly TraceEntity[];
  evidence: Evidence | null;
  actions: readonly TraceAction[];
  slots_changed: readonly SlotChange[];
  active_form: string | null;
  total_ms: number | null;
  understand_ms: number | null;
}

export function parseTrace(value: unknown, path = "trace"): Trace {
  const read = new Reader(value, path);
  const duration = new Reader(read.object("duration_ms"), `${path}.duration_ms`);
  return {
    model_id: read.textOr("model_id", null),
    intent: read.nestedOr("intent", parseScored, null),
    intent_ranking: read.list("intent_ranking", parseScored).slice(0, 5),
    entities: read.list("entities", parseEntity),
    evidence: read.nestedOr("evidence", parseEvidence, null),
    actions: read.list("actions", parseAction),
    slots_changed: slotChanges(read.object("slots_changed")),
    active_form: read.textOr("active_form", null),
    total_ms: duration.numberOr("total", null),
    understand_ms: duration.numberOr("understand", null),
  };
}

function parseScored(value: unknown, path: string): Scored {
  const read = new Reader(value, path);
  return { name: read.textOr("name", ""), confidence: read.numberOr("confidence", 0) };
}

function parseEntity(value: unknown, path: string): TraceEntity {
  const read = new Reader(value, path);
  const raw = isObject(value) ? value.value : null;
  return {
    entity: read.text("entity"),
    value: typeof raw === "string" ? raw : JSON.stringify(raw),
    confidence: read.numberOr("confidence", null),
  };
}

function parseEvidence(value: unknown, path: string): Evidence {
  const read = new Reader(value, path);
  return {
    nearest: read.list("nearest", parseNear).slice(0, 3),
    familiarity: read.numberOr("familiarity", null),
    threshold: read.numberOr("threshold", null),
    second: read.textOr("second", null),
    margin: read.numberOr("margin", null),
  };
}

export function parseNear(value: unknown, path: string): NearExample {
  const read = new Reader(value, path);
  return { text: read.text("text"), intent: read.text("intent"), cosine: read.number("cosine") };
}

function parseAction(value: unknown, path: string): TraceAction {
  const read = new Reader(value, path);
  return {
    name: read.text("name"),
    policy: read.textOr("policy", null),
    confidence: read.numberOr("confidence", null),
    duration_ms: read.numberOr("duration_ms", null),
    error: read.textOr("error", null),
  };
}

function slotChanges(slots: JsonObject): SlotChange[] {
  return Object.entries(slots).map(([name, pair]) => {
    const [before, after] = Array.isArray(pair) ? pair : [null, pair];
    return { name, before: before ?? null, after: after ?? null };
  });
}

/** The policy that decided the turn: of the first action that is not waiting for the customer. */
export function decidingAction(trace: Trace): TraceAction | null {
  return trace.actions.find((action) => action.name !== "action_listen") ?? trace.actions[0] ?? null;
}

/** "RulePolicy" is "rule" to people. */
export function policyName(policy: string): string {
  return policy.replace(/Policy$/, "").toLowerCase();
}
