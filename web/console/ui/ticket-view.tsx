/** One ticket: its state and what was said about it. */
import { type SubmitEvent, useEffect, useState } from "react";
import { wordsFor } from "../lib/words";
import { DeskError, type TicketChange } from "../wire/http";
import { TICKET_STATUSES, type Ticket, type TicketStatus } from "../wire/wire";
import { explain } from "./act";
import { useFrame } from "./frame";
import { Icon } from "./icons";
import { Button, Failed } from "./parts";

/** What a ticket may become; the desk has the last word. */
const MOVES: Record<TicketStatus, readonly TicketStatus[]> = {
  new: TICKET_STATUSES,
  open: ["open", "pending", "solved", "closed"],
  pending: ["open", "pending", "solved", "closed"],
  solved: ["open", "solved", "closed"],
  closed: ["closed"],
};

export function TicketView({ number, onBack }: { number: string; onBack: () => void }) {
  const { console, t } = useFrame();
  const [ticket, setTicket] = useState<Ticket | null>(null);
  const [has_failed, setFailed] = useState(false);
  const load = () => {
    setFailed(false);
    console.loadTicket(number).then(setTicket, () => setFailed(true));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once per ticket
  useEffect(load, [number]);
  return (
    <section className="card ticket">
      <div className="ticket-bar">
        <Button icon="back" is_bare kind="quiet" label={t("back")} onClick={onBack} />
        <h3>{number}</h3>
      </div>
      {has_failed && <Failed text={t("ticket_load_failed")} onRetry={load} />}
      {ticket !== null && (
        <TicketBody key={ticket.number} ticket={ticket} onChange={setTicket} onConflict={load} />
      )}
    </section>
  );
}

interface BodyProps {
  ticket: Ticket;
  onChange: (ticket: Ticket) => void;
  onConflict: () => void;
}

function TicketBody({ ticket, onChange, onConflict }: BodyProps) {
  const { console, t, times } = useFrame();
  const [comment, setComment] = useState("");
  const [is_public, setPublic] = useState(false);
  const [problem, setProblem] = useState("");
  const [is_busy, setBusy] = useState(false);

  const change = async (what: Omit<TicketChange, "version">): Promise<boolean> => {
    setBusy(true);
    setProblem("");
    try {
      onChange(await console.changeTicket(ticket.number, { ...what, version: ticket.version }));
      return true;
    } catch (error) {
      const is_conflict = error instanceof DeskError && error.code === "version_conflict";
      const sentence = explain(t, error);
      setProblem(
        is_conflict
          ? t("ticket_conflict")
          : sentence === t("action_failed")
            ? t("ticket_change_failed")
            : sentence,
      );
      if (is_conflict) onConflict();
      return false;
    } finally {
      setBusy(false);
    }
  };
  const addComment = async (event: SubmitEvent) => {
    event.preventDefault();
    if (comment.trim() !== "" && (await change({ comment: comment.trim(), is_public }))) setComment("");
  };
  const known = TICKET_STATUSES.find((status) => status === ticket.status);
  const moves: readonly string[] = known === undefined ? [ticket.status, ...TICKET_STATUSES] : MOVES[known];

  return (
    <>
      <p className="ticket-title">{ticket.subject}</p>
      <div className="ticket-facts">
        <label className="field inline">
          <span>{t("ticket_status")}</span>
          <select
            value={ticket.status}
            disabled={is_busy || moves.length === 1}
            onChange={(event) => void change({ status: event.target.value })}
          >
            {moves.map((status) => (
              <option key={status} value={status}>
                {wordsFor(t, "status", status)}
              </option>
            ))}
          </select>
        </label>
        <span className={`badge priority ${ticket.priority}`}>
          {wordsFor(t, "priority", ticket.priority)}
        </span>
      </div>
      <p className="soft">{t("ticket_updated", { when: times.full(ticket.updated_at) })}</p>
      {ticket.comments.length === 0 && <p className="soft">{t("ticket_no_comments")}</p>}
      <ol className="comments">
        {ticket.comments.map((entry) => (
          <li key={entry.id}>
            <header>
              <strong>{entry.author_name}</strong>
              <span className={entry.is_public ? "badge" : "badge attention"}>
                {!entry.is_public && <Icon name="lock" size={12} />}
                {t(entry.is_public ? "ticket_public" : "ticket_internal")}
              </span>
              <time dateTime={entry.at} title={times.full(entry.at)}>
                {times.short(entry.at)}
              </time>
            </header>
            <p className="text">{entry.body}</p>
          </li>
        ))}
      </ol>
      <div className="problem" role="alert">
        {problem}
      </div>
      <form className="form" onSubmit={(event) => void addComment(event)}>
        <textarea
          rows={3}
          value={comment}
          aria-label={t("ticket_comment")}
          placeholder={t("ticket_comment_placeholder")}
          onChange={(event) => setComment(event.target.value)}
        />
        <label className="check">
          <input type="checkbox" checked={is_public} onChange={(event) => setPublic(event.target.checked)} />
          {t("ticket_comment_public")}
        </label>
        <Button type="submit" label={t("ticket_add_comment")} disabled={is_busy || comment.trim() === ""} />
      </form>
    </>
  );
}
