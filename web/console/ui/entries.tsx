/** The conversation as a document. */
import { memo } from "react";
import { humanise, nameOf, type T, wordsFor } from "../lib/words";
import type { Block } from "../state/blocks";
import type { OutboxItem } from "../state/outbox";
import type { Entry, Summary } from "../wire/wire";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { Avatar, Button, Sources, Words } from "./parts";
import { TraceLine } from "./trace-line";

export interface BlockViewProps {
  block: Block;
  summary: Summary;
  are_traces_open: boolean;
}

export const BlockView = memo(function BlockView({ block, summary, are_traces_open }: BlockViewProps) {
  const { times } = useFrame();
  switch (block.type) {
    case "day":
      return (
        <h3 className="day">
          <time dateTime={block.at}>{times.dayName(block.at)}</time>
        </h3>
      );
    case "boundary":
      return <Boundary entry={block.entry} summary={summary} is_current_handoff={block.is_current_handoff} />;
    case "remark":
      return <Remark entry={block.entry} />;
    case "draft":
      return <StaleDraft entry={block.entry} />;
    case "group":
      return <Group block={block} summary={summary} are_traces_open={are_traces_open} />;
  }
});

/** A line across the page: from here on somebody else speaks. */
function Boundary({
  entry,
  summary,
  is_current_handoff,
}: {
  entry: Entry;
  summary: Summary;
  is_current_handoff: boolean;
}) {
  const { t, times } = useFrame();
  const own = typeof entry.params.reason === "string" ? entry.params.reason : null;
  const reason = own ?? (is_current_handoff ? (summary.handoff?.reason ?? null) : null);
  return (
    <div className="boundary">
      <span>
        <time dateTime={entry.at}>{times.clock(entry.at)}</time>
        <strong>{systemText(t, entry)}</strong>
        {reason !== null && reason !== "" && <span>{wordsFor(t, "reason", reason)}</span>}
      </span>
    </div>
  );
}

function Remark({ entry }: { entry: Entry }) {
  const { t, times } = useFrame();
  return (
    <p className="remark">
      <time dateTime={entry.at}>{times.clock(entry.at)}</time>
      {systemText(t, entry)}
    </p>
  );
}

/** A system line in the agent's words; a code that is new here falls back to the desk's English. */
export function systemText(t: T, entry: Pick<Entry, "code" | "params" | "text">): string {
  const { code, params } = entry;
  const text = (name: string) => (typeof params[name] === "string" ? params[name] : "");
  if (code === "returned_to_bot") return returnedText(t, text("by"), text("name"), text("mode"));
  const words = wordsFor(t, "system", code ?? "");
  if (code === null || words === humanise(code)) return entry.text;
  const status = text("status");
  return t(`system_${code}` as Parameters<T>[0], {
    name: text("name"),
    number: text("number"),
    ticket: text("ticket"),
    status: status === "" ? "" : wordsFor(t, "status", status).toLowerCase(),
  });
}

function returnedText(t: T, by: string, name: string, mode: string): string {
  if (by === "customer") return t("system_left_person");
  const who = name === "" ? t("system_returned_to_bot") : t("system_returned_by", { name });
  return mode === "" ? who : `${who}, ${wordsFor(t, "mode", mode)}`;
}

function StaleDraft({ entry }: { entry: Entry }) {
  const { t } = useFrame();
  return (
    <details className="stale-draft">
      <summary>
        <Icon name="spark" size={13} />
        {t("draft_not_sent")}
      </summary>
      <p className="text">
        <Words text={entry.text} />
      </p>
    </details>
  );
}

type GroupBlock = Extract<Block, { type: "group" }>;

function Group({
  block,
  summary,
  are_traces_open,
}: {
  block: GroupBlock;
  summary: Summary;
  are_traces_open: boolean;
}) {
  const { t, times } = useFrame();
  const my_id = useSelect((state) => state.me?.id ?? "");
  const first = block.entries[0];
  if (first === undefined) return null;
  const kind = block.kind === "system" ? "bot" : block.kind;
  const is_mine = first.author?.id === my_id;
  const author = speaker(t, first, summary);
  const name = is_mine ? `${author} (${t("you")})` : author;
  return (
    <section
      className={`group ${kind} ${block.is_dimmed ? "dimmed" : ""}`}
      aria-label={`${name}, ${times.clock(first.at)}`}
    >
      <Avatar kind={kind} name={author} />
      <header>
        <span className="speaker">{name}</span>
        {kind === "note" && <span className="note-mark">{t("internal_note")}</span>}
        <time dateTime={first.at} title={times.full(first.at)}>
          {times.clock(first.at)}
        </time>
      </header>
      {block.entries.map((entry) => (
        <EntryView
          key={entry.seq}
          entry={entry}
          conversation_id={summary.id}
          are_traces_open={are_traces_open}
        />
      ))}
    </section>
  );
}

function speaker(t: T, entry: Entry, summary: Summary): string {
  if (entry.kind === "customer") return nameOf(t, summary);
  return entry.author?.name ?? (entry.kind === "bot" ? t("bot") : "");
}

interface EntryViewProps {
  entry: Entry;
  conversation_id: string;
  are_traces_open: boolean;
}

function EntryView({ entry, conversation_id, are_traces_open }: EntryViewProps) {
  return (
    <div className="entry">
      {entry.text !== "" && (
        <p className="text" dir="auto">
          <Words text={entry.text} />
        </p>
      )}
      <Offered entry={entry} />
      <Sources sources={entry.sources} />
      <Vote is_helpful={entry.is_helpful} />
      {entry.trace !== null && (
        <TraceLine
          key={String(are_traces_open)}
          trace={entry.trace}
          conversation_id={conversation_id}
          seq={entry.seq}
          is_open_first={are_traces_open}
        />
      )}
    </div>
  );
}

/** What the customer said of the answer. */
function Vote({ is_helpful }: { is_helpful: boolean | null }) {
  const { t } = useFrame();
  if (is_helpful === null) return null;
  return (
    <p className="vote">
      <Icon name={is_helpful ? "thumb_up" : "thumb_down"} size={14} />
      {t(is_helpful ? "voted_helpful" : "voted_unhelpful")}
    </p>
  );
}

/** The buttons that the customer was offered, and the one that was taken. */
function Offered({ entry }: { entry: Entry }) {
  const { t } = useFrame();
  if (entry.buttons.length === 0) return null;
  return (
    <ul className="offered">
      {entry.buttons.map(({ id, title }) => {
        const is_chosen = id === entry.answered_button;
        return (
          <li key={id} className={is_chosen ? "chosen" : undefined}>
            <span className="sr-only">{t(is_chosen ? "button_chosen" : "button_offered", { title })}</span>
            <span aria-hidden="true">
              {is_chosen && <Icon name="check" size={13} />}
              {title}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const FAILURES: Record<string, Parameters<T>[0]> = {
  unreachable: "not_sent_unreachable",
  wrong_owner: "not_sent_wrong_owner",
  conversation_taken: "not_sent_wrong_owner",
  interrupted: "not_sent_interrupted",
  unauthorized: "not_sent_session",
  not_signed_in: "not_sent_session",
};

export interface UnsentProps {
  item: OutboxItem;
  onRetry: (item: OutboxItem) => void;
  onEdit: (item: OutboxItem) => void;
  onDiscard: (item: OutboxItem) => void;
}

/** What I sent and the desk does not have yet. */
export function Unsent({ item, onRetry, onEdit, onDiscard }: UnsentProps) {
  const { t } = useFrame();
  const me = useSelect((state) => state.me);
  const is_failed = item.status === "failed";
  return (
    <section className={`group ${item.kind === "note" ? "note" : "agent"} unsent ${item.status}`}>
      <Avatar kind={item.kind === "note" ? "note" : "agent"} name={me?.name ?? ""} />
      <header>
        <span className="speaker">
          {me?.name} ({t("you")})
        </span>
        {!is_failed && <span className="sending">{t("sending")}</span>}
      </header>
      <div className="entry">
        <p className="text" dir="auto">
          <Words text={item.text} />
        </p>
        {is_failed && (
          <div className="failure" role="alert">
            <Icon name="warning" size={15} />
            <span>{t(FAILURES[item.reason ?? ""] ?? "not_sent_other")}</span>
            <Button label={t("retry")} kind="quiet" onClick={() => onRetry(item)} />
            <Button label={t("edit_again")} kind="quiet" onClick={() => onEdit(item)} />
            <Button label={t("discard")} kind="quiet" onClick={() => onDiscard(item)} />
          </div>
        )}
      </div>
    </section>
  );
}
