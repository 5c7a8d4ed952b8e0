import { memo } from "react";
import { routeHash } from "../lib/route";
import { aboutWords, nameOf, type T, wordsFor } from "../lib/words";
import type { View } from "../wire/http";
import type { Summary } from "../wire/wire";
import { systemText } from "./entries";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { WaitingClock } from "./parts";

export interface ListRowProps {
  summary: Summary;
  view: View;
  is_open: boolean;
}

/** One conversation: who, what they said last, how long they wait, and why. Bold only while something is unread. */
export const ListRow = memo(function ListRow({ summary, view, is_open }: ListRowProps) {
  const { console, t, times } = useFrame();
  const my_id = useSelect((state) => state.me?.id ?? "");
  const is_resolving = useSelect((state) => state.resolving.has(summary.id));
  const typing = useSelect((state) => state.typing.get(summary.id) ?? null);
  const name = nameOf(t, summary);
  const is_unread = summary.unread > 0 && !is_open;
  const last = summary.last_entry;
  return (
    <a
      className={`row ${is_unread ? "unread" : ""} ${is_resolving ? "resolving" : ""}`}
      href={routeHash({ view, conversation_id: summary.id })}
      aria-current={is_open ? "true" : undefined}
    >
      <span className="row-top">
        {is_unread && <span className="unread-dot" aria-hidden="true" />}
        <span className="row-name">{name}</span>
        {is_unread && <span className="sr-only">{t("unread", { count: summary.unread })}</span>}
        {summary.waiting_since !== null && summary.owner.kind === "queue" ? (
          <WaitingClock since={summary.waiting_since} />
        ) : (
          <time className="row-time" dateTime={last?.at ?? summary.created_at}>
            {times.short(last?.at ?? summary.created_at)}
          </time>
        )}
      </span>
      <span className="row-text">
        {typing?.who === "customer" ? t("is_typing", { name }) : lastText(t, summary)}
      </span>
      <span className="row-facts">
        {console.drafts.has(summary.id) && !is_open && (
          <span className="fact draft">
            <Icon name="pencil" size={13} />
            {t("draft_kept")}
          </span>
        )}
        <Facts summary={summary} view={view} my_id={my_id} />
      </span>
    </a>
  );
});

/** What was said last; where the last line is the desk's own, what the matter is says more. */
function lastText(t: T, { last_entry, handoff }: Summary): string {
  if (last_entry === null) return t("no_entry");
  if (last_entry.kind === "system") return handoff?.brief || systemText(t, last_entry);
  if (last_entry.kind === "note") return `${t("note_prefix")}: ${last_entry.text}`;
  if (last_entry.kind === "bot") return `${t("bot")}: ${last_entry.text}`;
  return last_entry.text;
}

function Facts({ summary, view, my_id }: { summary: Summary; view: View; my_id: string }) {
  const { t } = useFrame();
  const { owner, handoff, intent } = summary;
  const others = summary.viewers.filter(
    (viewer) => viewer.agent_id !== my_id && viewer.agent_id !== owner.agent_id,
  );
  const names = others.map((viewer) => viewer.name).join(", ");
  const why = handoff !== null && handoff.reason !== "" ? wordsFor(t, "reason", handoff.reason) : null;
  const about = why ?? (intent === null ? null : aboutWords(t, intent));
  return (
    <>
      {view === "all" && <OwnerFact summary={summary} my_id={my_id} />}
      {owner.kind === "agent" && view !== "all" && owner.agent_id !== my_id && (
        <span className="fact">{owner.agent_name}</span>
      )}
      {summary.is_shaky && (
        <span className="fact shaky" title={t("shaky_hint")}>
          <Icon name="warning" size={13} />
          {t("shaky")}
        </span>
      )}
      {about !== null && <span className="fact about">{about}</span>}
      <span className="fact end">
        {others.length > 0 && (
          <span className="viewers" title={t("looking", { count: others.length, names })}>
            <Icon name="eye" size={14} />
            <span className="sr-only">{t("looking", { count: others.length, names })}</span>
            <span aria-hidden="true">{others.length > 1 ? others.length : others[0]?.name}</span>
          </span>
        )}
        {summary.locale !== "en" && (
          <span className="locale">{summary.locale.slice(0, 2).toUpperCase()}</span>
        )}
        <span className="channel" title={wordsFor(t, "channel", summary.channel)}>
          <Icon name={summary.channel === "email" ? "mail" : "globe"} size={14} />
          <span className="sr-only">{wordsFor(t, "channel", summary.channel)}</span>
        </span>
      </span>
    </>
  );
}

function OwnerFact({ summary, my_id }: { summary: Summary; my_id: string }) {
  const { t } = useFrame();
  const { owner } = summary;
  if (owner.kind === "bot") return <span className="fact owner">{t("bot")}</span>;
  if (owner.kind === "agent")
    return <span className="fact owner">{owner.agent_id === my_id ? t("you") : owner.agent_name}</span>;
  return null;
}
