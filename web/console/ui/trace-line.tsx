/** How the bot understood a turn: one line, which opens in place. */
import { useId, useState } from "react";
import { humanise, type T } from "../lib/words";
import { decidingAction, type Evidence, policyName, type SlotChange, type Trace } from "../wire/trace";
import { useFrame } from "./frame";
import { Icon } from "./icons";
import { Why } from "./why";

export interface TraceLineProps {
  trace: Trace;
  conversation_id: string;
  /** The entry that has the trace. */
  seq: number;
  is_open_first: boolean;
}

export function TraceLine({ trace, conversation_id, seq, is_open_first }: TraceLineProps) {
  const { t } = useFrame();
  const [is_open, setOpen] = useState(is_open_first);
  const id = useId();
  const failed = trace.actions.some((action) => action.error !== null);
  return (
    <div className="trace">
      <button
        type="button"
        className="trace-line"
        aria-expanded={is_open}
        aria-controls={id}
        onClick={() => setOpen(!is_open)}
      >
        <Icon name={is_open ? "down" : "right"} size={12} />
        <span className="sr-only">{t("trace")}: </span>
        <TraceSummary trace={trace} />
        {failed && <span className="trace-failed">{t("trace_failed")}</span>}
      </button>
      <div id={id} hidden={!is_open}>
        {is_open && <TraceDetails trace={trace} conversation_id={conversation_id} seq={seq} />}
      </div>
    </div>
  );
}

/** "refund_status 0.93 · rule · 24 ms" */
function TraceSummary({ trace }: { trace: Trace }) {
  const { t } = useFrame();
  const policy = decidingAction(trace)?.policy ?? null;
  const parts = [
    trace.intent === null ? null : `${trace.intent.name} ${trace.intent.confidence.toFixed(2)}`,
    policy === null ? null : policyName(policy),
    trace.total_ms === null ? null : t("ms", { ms: Math.round(trace.total_ms) }),
  ];
  return <span className="trace-words">{parts.filter((part) => part !== null).join(" · ")}</span>;
}

function TraceDetails({ trace, conversation_id, seq }: Omit<TraceLineProps, "is_open_first">) {
  const { t } = useFrame();
  const facts = [
    trace.active_form === null ? null : t("trace_form", { form: humanise(trace.active_form) }),
    trace.understand_ms === null ? null : t("trace_understood_in", { ms: formatMs(trace.understand_ms) }),
    trace.model_id === null ? null : t("trace_model", { model: trace.model_id }),
  ].filter((fact) => fact !== null);
  const ranking =
    trace.intent_ranking.length > 0 ? trace.intent_ranking : trace.intent === null ? [] : [trace.intent];
  return (
    <dl className="trace-details">
      <dt>{t("trace_intents")}</dt>
      <dd>
        <ul className="bars">
          {ranking.map(({ name, confidence }) => (
            <li key={name}>
              <span className="bar-name">{name}</span>
              <span className="bar" aria-hidden="true">
                <span style={{ inlineSize: `${Math.round(confidence * 100)}%` }} />
              </span>
              <span className="bar-number">{confidence.toFixed(2)}</span>
            </li>
          ))}
        </ul>
      </dd>
      {trace.evidence !== null && (
        <>
          <EvidenceRows evidence={trace.evidence} />
          <dd className="trace-why">
            <Why conversation_id={conversation_id} seq={seq} intent={trace.intent?.name ?? null} />
          </dd>
        </>
      )}
      {trace.entities.length > 0 && (
        <>
          <dt>{t("trace_entities")}</dt>
          <dd>
            <ul className="pairs">
              {trace.entities.map((entity, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a stored trace never changes
                <li key={i}>
                  <code>{entity.entity}</code> {entity.value}
                  {entity.confidence !== null && <small>{entity.confidence.toFixed(2)}</small>}
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      <dt>{t("trace_actions")}</dt>
      <dd>
        <ol className="pairs">
          {trace.actions.map((action, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a stored trace never changes
            <li key={i} className={action.error === null ? undefined : "failed"}>
              <code>{action.name}</code>
              <small>
                {[
                  action.policy === null ? null : policyName(action.policy),
                  action.confidence === null ? null : action.confidence.toFixed(2),
                  action.duration_ms === null ? null : t("ms", { ms: formatMs(action.duration_ms) }),
                ]
                  .filter((part) => part !== null)
                  .join(" · ")}
              </small>
              {action.error !== null && (
                <small className="error">
                  {t("trace_failed")}: {action.error}
                </small>
              )}
            </li>
          ))}
        </ol>
      </dd>
      {trace.slots_changed.length > 0 && (
        <>
          <dt>{t("trace_slots")}</dt>
          <dd>
            <ul className="pairs">
              {trace.slots_changed.map((slot) => (
                <li key={slot.name}>
                  <code>{slot.name}</code> <SlotWords slot={slot} />
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      {facts.length > 0 && <dd className="trace-facts">{facts.join(" · ")}</dd>}
    </dl>
  );
}

/** The nearest examples the bot was taught, the second intent, and whether the message is familiar at all. */
function EvidenceRows({ evidence }: { evidence: Evidence }) {
  const { t } = useFrame();
  const { familiarity, threshold, second, margin } = evidence;
  const facts = [
    second === null || margin === null
      ? null
      : t("trace_second", { intent: second, margin: `−${margin.toFixed(2)}` }),
    threshold === null ? null : familiarWords(t, familiarity, threshold),
  ].filter((fact) => fact !== null);
  return (
    <>
      {evidence.nearest.length > 0 && (
        <>
          <dt>{t("trace_nearest")}</dt>
          <dd>
            <ul className="pairs">
              {evidence.nearest.map((near, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a stored trace never changes
                <li key={i}>
                  <q dir="auto">{near.text}</q> <code>{near.intent}</code>
                  <small>{near.cosine.toFixed(2)}</small>
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      {facts.length > 0 && (
        <>
          <dt>{t("trace_certainty")}</dt>
          <dd>{facts.join(" · ")}</dd>
        </>
      )}
    </>
  );
}

/** "familiar 1.87 ≥ 1.61", or "foreign 0.40 < 1.61". */
function familiarWords(t: T, familiarity: number | null, threshold: number): string {
  const least = threshold.toFixed(2);
  if (familiarity === null) return t("trace_foreign", { value: "−∞", least });
  const is_familiar = familiarity >= threshold;
  return t(is_familiar ? "trace_familiar" : "trace_foreign", { value: familiarity.toFixed(2), least });
}

function SlotWords({ slot }: { slot: SlotChange }) {
  return (
    <span>
      <span className="before">{slotText(slot.before)}</span> → {slotText(slot.after)}
    </span>
  );
}

function slotText(value: unknown): string {
  if (value === null) return "∅";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
