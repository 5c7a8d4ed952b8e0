/** Giving a conversation away, opening a ticket, and the keys. */
import { Modal } from "@mantine/core";
import { type ReactNode, type SubmitEvent, useEffect, useState } from "react";
import { ulid } from "../../shared/ulid";
import { keyLabel, SHORTCUTS } from "../lib/keys";
import { aboutWords, nameOf, type T } from "../lib/words";
import type { Log } from "../state/log";
import { type Agent, PRIORITIES, type Summary } from "../wire/wire";
import { explain, useAct } from "./act";
import { useFrame, useSelect } from "./frame";
import { Icon, type IconName } from "./icons";
import { Button } from "./parts";

export interface SheetProps {
  title: string;
  onClose: () => void;
  size?: number;
  children: ReactNode;
}

/** A dialog; Escape closes it and the focus goes back to where it was. */
export function Sheet({ title, onClose, size = 440, children }: SheetProps) {
  const { t } = useFrame();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      centered
      lockScroll={false}
      transitionProps={{ duration: 120 }}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {children}
    </Modal>
  );
}

interface OptionProps {
  icon: IconName;
  label: string;
  hint: string;
  is_busy: boolean;
  onClick: () => void;
  mark?: ReactNode;
  is_first?: boolean;
}

function Option({ icon, label, hint, is_busy, onClick, mark, is_first = false }: OptionProps) {
  return (
    <button
      type="button"
      className="option"
      disabled={is_busy}
      onClick={onClick}
      data-autofocus={is_first || undefined}
    >
      <Icon name={icon} />
      <span>
        <strong>
          {mark}
          {label}
        </strong>
        <span>{hint}</span>
      </span>
      <Icon name="right" size={16} />
    </button>
  );
}

interface GiveProps {
  summary: Summary;
  onClose: () => void;
  onDone: () => void;
}

export function ReturnDialog({ summary, onClose, onDone }: GiveProps) {
  const { console, t, say } = useFrame();
  const act = useAct();
  const [is_busy, setBusy] = useState(false);
  const form = summary.handoff?.interrupted_form ?? null;
  const give = async (mode: string) => {
    setBusy(true);
    const did_work = await act(summary.id, () => console.returnToBot(summary, mode));
    onClose();
    if (!did_work) return;
    say(t("returned", { name: nameOf(t, summary) }));
    onDone();
  };
  return (
    <Sheet title={t("return_title")} onClose={onClose}>
      <p className="sheet-intro">{t("return_intro")}</p>
      <Option
        is_first
        icon="undo"
        label={form === null ? t("return_resume") : t("return_resume_form", { form: aboutWords(t, form) })}
        hint={t("return_resume_hint")}
        is_busy={is_busy}
        onClick={() => void give("resume")}
      />
      <Option
        icon="bot"
        label={t("return_menu")}
        hint={t("return_menu_hint")}
        is_busy={is_busy}
        onClick={() => void give("menu")}
      />
    </Sheet>
  );
}

export function TransferDialog({ summary, onClose, onDone }: GiveProps) {
  const { console, t, say } = useFrame();
  const act = useAct();
  const agents = useSelect((state) => state.agents);
  const my_id = useSelect((state) => state.me?.id ?? "");
  const [is_busy, setBusy] = useState(false);
  useEffect(() => void console.loadAgents(), [console]);
  const colleagues = [...agents.values()].filter((agent) => agent.id !== my_id).sort(byPresence);
  const give = async (agent_id: string | null) => {
    setBusy(true);
    const did_work = await act(summary.id, () => console.transfer(summary, agent_id));
    onClose();
    if (!did_work) return;
    say(t("transferred"));
    onDone();
  };
  return (
    <Sheet title={t("transfer_title")} onClose={onClose}>
      <p className="sheet-intro">{t(colleagues.length === 0 ? "transfer_nobody" : "transfer_intro")}</p>
      <div className="options">
        {colleagues.map((agent, i) => (
          <Option
            is_first={i === 0}
            key={agent.id}
            icon="user"
            mark={<span className={`presence ${agent.presence}`} aria-hidden="true" />}
            label={agent.name}
            hint={t(`presence_${agent.presence}`)}
            is_busy={is_busy || agent.presence === "offline"}
            onClick={() => void give(agent.id)}
          />
        ))}
        <Option
          is_first={colleagues.length === 0}
          icon="clock"
          label={t("transfer_queue")}
          hint={t("transfer_queue_hint")}
          is_busy={is_busy}
          onClick={() => void give(null)}
        />
      </div>
    </Sheet>
  );
}

const PRESENCE_ORDER: readonly Agent["presence"][] = ["online", "busy", "away", "offline"];

function byPresence(a: Agent, b: Agent): number {
  const by = PRESENCE_ORDER.indexOf(a.presence) - PRESENCE_ORDER.indexOf(b.presence);
  return by === 0 ? a.name.localeCompare(b.name) : by;
}

const MAX_SUBJECT_CHARS = 300;
const PREFILLED_SUBJECT_CHARS = 120;

/** A ticket begins with what the bot found out, so that nobody types it again. */
function firstSubject(t: T, summary: Summary): string {
  const brief = summary.handoff?.brief.split("\n")[0]?.trim() ?? "";
  const about = brief === "" && summary.intent !== null ? aboutWords(t, summary.intent) : brief;
  return Array.from(about).slice(0, PREFILLED_SUBJECT_CHARS).join("");
}

function firstBody(summary: Summary, log: Log): string {
  const brief = summary.handoff?.brief.trim() ?? "";
  if (brief !== "") return brief;
  return log.entries.findLast((entry) => entry.kind === "customer")?.text ?? "";
}

export function TicketDialog({ summary, log, onClose }: { summary: Summary; log: Log; onClose: () => void }) {
  const { console, t, say } = useFrame();
  const [client_id] = useState(() => ulid());
  const [subject, setSubject] = useState(() => firstSubject(t, summary));
  const [body, setBody] = useState(() => firstBody(summary, log));
  const [priority, setPriority] = useState<string>("normal");
  const [problem, setProblem] = useState("");
  const [is_busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const draft = { client_id, subject: subject.trim(), body: body.trim(), priority };
      const ticket = await console.openTicket(summary.id, draft);
      say(t("ticket_opened", { number: ticket.number }));
      onClose();
    } catch (error) {
      const sentence = explain(t, error);
      setProblem(sentence === t("action_failed") ? t("ticket_failed") : sentence);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet title={t("open_ticket")} onClose={onClose} size={520}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span>{t("ticket_subject")}</span>
          <input
            required
            maxLength={MAX_SUBJECT_CHARS}
            value={subject}
            onChange={(event) => setSubject(event.target.value)}
            data-autofocus
          />
        </label>
        <label className="field">
          <span>{t("ticket_body")}</span>
          <textarea required rows={6} value={body} onChange={(event) => setBody(event.target.value)} />
        </label>
        <label className="field">
          <span>{t("ticket_priority")}</span>
          <select value={priority} onChange={(event) => setPriority(event.target.value)}>
            {PRIORITIES.map((name) => (
              <option key={name} value={name}>
                {t(`priority_${name}`)}
              </option>
            ))}
          </select>
        </label>
        <p className="sheet-intro">{t("ticket_customer_told")}</p>
        <div className="problem" role="alert">
          {problem}
        </div>
        <div className="form-foot">
          <Button label={t("cancel")} kind="quiet" onClick={onClose} />
          <Button type="submit" kind="primary" icon="ticket" label={t("open_ticket")} disabled={is_busy} />
        </div>
      </form>
    </Sheet>
  );
}

const WRITING_KEYS = [
  { keys: ["Enter"], label: "key_send" },
  { keys: ["Shift", "Enter"], label: "key_newline" },
  { keys: ["Alt", "R / N"], label: "key_switch_mode" },
] as const;

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useFrame();
  const groups = [...new Set(SHORTCUTS.map((shortcut) => shortcut.group))];
  return (
    <Sheet title={t("keys_title")} onClose={onClose} size={640}>
      <p className="sheet-intro">{t("keys_hint")}</p>
      <div className="keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{t(group)}</h3>
            <dl>
              {SHORTCUTS.filter(
                (shortcut) => shortcut.group === group && !/^view_[2-5]$/.test(shortcut.command),
              ).map(({ command, keys, label }) => (
                <div key={command}>
                  <dt>
                    {command === "view_1" ? (
                      <kbd>1 – 5</kbd>
                    ) : (
                      keys.map((key) => <kbd key={key}>{keyLabel(key)}</kbd>)
                    )}
                  </dt>
                  <dd>{t(label)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>{t("keys_group_writing")}</h3>
          <dl>
            {WRITING_KEYS.map(({ keys, label }) => (
              <div key={label}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{t(label)}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Sheet>
  );
}
