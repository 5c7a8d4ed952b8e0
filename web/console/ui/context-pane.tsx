/** Who the customer is, why they are here, what was promised. */
import { routeHash } from "../lib/route";
import { aboutWords, nameOf, wordsFor } from "../lib/words";
import { type Log, NEW_LOG } from "../state/log";
import type { Summary, Ticket } from "../wire/wire";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { Button } from "./parts";
import { TicketView } from "./ticket-view";

export interface ContextPaneProps {
  id: string;
  /** The ticket that is looked at, if one is. */
  ticket_number: string | null;
  onTicket: (number: string | null) => void;
}

export function ContextPane({ id, ticket_number, onTicket }: ContextPaneProps) {
  const summary = useSelect((state) => state.summaries.get(id) ?? null);
  const log = useSelect((state) => state.logs.get(id) ?? NEW_LOG);
  if (summary === null) return null;
  if (ticket_number !== null) return <TicketView number={ticket_number} onBack={() => onTicket(null)} />;
  return (
    <>
      <CustomerCard summary={summary} />
      <HandoffCard summary={summary} />
      <TicketsCard tickets={log.tickets} onOpen={onTicket} />
      <EarlierCard log={log} />
    </>
  );
}

function CustomerCard({ summary }: { summary: Summary }) {
  const { t, times, say } = useFrame();
  const { customer } = summary;
  const copy = async () => {
    await navigator.clipboard?.writeText(customer.email ?? "");
    say(t("copied"));
  };
  return (
    <section className="card">
      <h3 className="sr-only">{t("context_customer")}</h3>
      <div className="who">
        <span className="avatar customer large" aria-hidden="true">
          {Array.from(nameOf(t, summary))[0]?.toUpperCase()}
        </span>
        <div>
          <p className="customer-name">{nameOf(t, summary)}</p>
          {customer.email === null ? (
            <p className="soft">{t("anonymous")}</p>
          ) : (
            <p className="customer-email">
              <span>{customer.email}</span>
              <Button icon="copy" is_bare kind="quiet" label={t("copy_email")} onClick={() => void copy()} />
            </p>
          )}
          {customer.is_verified ? (
            <span className="badge good">
              <Icon name="verified" size={14} />
              {t("verified")}
            </span>
          ) : (
            <span className="badge">{t("not_verified")}</span>
          )}
        </div>
      </div>
      <dl className="facts">
        <div>
          <dt>{t("context_channel")}</dt>
          <dd>{wordsFor(t, "channel", summary.channel)}</dd>
        </div>
        <div>
          <dt>{t("context_language")}</dt>
          <dd>{wordsFor(t, "lang", summary.locale.slice(0, 2))}</dd>
        </div>
        <div>
          <dt>{t("context_started")}</dt>
          <dd>{times.full(summary.created_at)}</dd>
        </div>
        {summary.intent !== null && (
          <div>
            <dt>{t("context_intent")}</dt>
            <dd>
              {aboutWords(t, summary.intent)}
              {summary.is_shaky && (
                <span className="badge attention" title={t("shaky_hint")}>
                  <Icon name="warning" size={13} />
                  {t("shaky")}
                </span>
              )}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function HandoffCard({ summary: { handoff } }: { summary: Summary }) {
  const { t, times } = useFrame();
  if (handoff === null) return null;
  return (
    <section className="card">
      <h3>
        {t("context_handoff")}
        <time dateTime={handoff.at}>{times.short(handoff.at)}</time>
      </h3>
      {handoff.reason !== "" && <p className="reason">{wordsFor(t, "reason", handoff.reason)}</p>}
      {handoff.brief !== "" && <p className="brief">{handoff.brief}</p>}
      {handoff.interrupted_form !== null && (
        <p className="soft">
          <Icon name="undo" size={14} />
          {t("context_form", { form: aboutWords(t, handoff.interrupted_form) })}
        </p>
      )}
    </section>
  );
}

function TicketsCard({ tickets, onOpen }: { tickets: readonly Ticket[]; onOpen: (number: string) => void }) {
  const { t } = useFrame();
  return (
    <section className="card">
      <h3>{t("tickets")}</h3>
      {tickets.length === 0 ? (
        <p className="soft">{t("no_tickets")}</p>
      ) : (
        <ul className="ticket-list">
          {tickets.map((ticket) => (
            <li key={ticket.number}>
              <button type="button" className="ticket-row" onClick={() => onOpen(ticket.number)}>
                <span className="ticket-number">{ticket.number}</span>
                <span className={`badge status ${ticket.status}`}>
                  {wordsFor(t, "status", ticket.status)}
                </span>
                <span className="ticket-subject">{ticket.subject}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function EarlierCard({ log }: { log: Log }) {
  const { t, times } = useFrame();
  if (log.status !== "ready") return null;
  return (
    <section className="card">
      <h3>{t("context_earlier")}</h3>
      {log.earlier.length === 0 ? (
        <p className="soft">{t("context_no_earlier")}</p>
      ) : (
        <ul className="earlier">
          {log.earlier.map((other) => (
            <li key={other.id}>
              <a
                href={routeHash({
                  view: other.owner.kind === "closed" ? "closed" : "all",
                  conversation_id: other.id,
                })}
              >
                <time dateTime={other.created_at}>{times.date(other.created_at)}</time>
                <span>
                  {other.intent === null ? (other.last_entry?.text ?? "") : aboutWords(t, other.intent)}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
