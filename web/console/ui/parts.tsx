/** Small parts that are used everywhere. */
import { Tooltip } from "@mantine/core";
import { type ButtonHTMLAttributes, type ReactNode, type Ref, useState } from "react";
import { linkify, safeHref } from "../../shared/links";
import type { Source } from "../../shared/wire";
import { type Command, keyOf } from "../lib/keys";
import { duration, initial, urgency } from "../lib/words";
import { useFrame, useNow } from "./frame";
import { Icon, type IconName } from "./icons";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName;
  /** The label; shown as text unless `is_bare`. */
  label: string;
  is_bare?: boolean;
  kind?: "plain" | "primary" | "quiet" | "alarm";
  command?: Command;
  ref?: Ref<HTMLButtonElement>;
}

/** A button; with a command, its tooltip shows the key. */
export function Button({
  icon,
  label,
  is_bare = false,
  kind = "plain",
  command,
  className = "",
  ...rest
}: ButtonProps) {
  const button = (
    <button
      type="button"
      {...rest}
      className={`button ${kind} ${is_bare ? "bare" : ""} ${className}`}
      aria-label={is_bare ? label : rest["aria-label"]}
      aria-keyshortcuts={command === undefined ? undefined : keyOf(command)}
    >
      {icon !== undefined && <Icon name={icon} />}
      {!is_bare && <span>{label}</span>}
    </button>
  );
  if (command === undefined && !is_bare) return button;
  return (
    <Hint text={is_bare ? label : ""} command={command}>
      {button}
    </Hint>
  );
}

export function Hint({
  text,
  command,
  children,
}: {
  text: string;
  command?: Command | undefined;
  children: ReactNode;
}) {
  const { preferences } = useFrame();
  const has_key = command !== undefined && preferences.has_single_keys;
  if (text === "" && !has_key) return children;
  const label = (
    <span className="hint">
      {text !== "" && <span>{text}</span>}
      {has_key && <kbd>{keyOf(command)}</kbd>}
    </span>
  );
  return (
    <Tooltip
      label={label}
      openDelay={350}
      closeDelay={0}
      events={{ hover: true, focus: true, touch: false }}
      transitionProps={{ duration: 120 }}
    >
      {children}
    </Tooltip>
  );
}

const AVATAR_ICONS: Partial<Record<string, IconName>> = { bot: "bot", note: "lock" };

/** Who speaks, told by shape first: customers round, the bot square with a face, agents round and filled. */
export function Avatar({ kind, name }: { kind: "customer" | "bot" | "agent" | "note"; name: string }) {
  const icon = AVATAR_ICONS[kind];
  return (
    <span className={`avatar ${kind}`} aria-hidden="true">
      {icon === undefined ? initial(name) : <Icon name={icon} size={16} />}
    </span>
  );
}

/** How long somebody waits already, counted up; the colour only repeats what the number says. */
export function WaitingClock({ since }: { since: string }) {
  const { t } = useFrame();
  const now = useNow(1000);
  const waited_ms = Math.max(0, now - Date.parse(since));
  const text = duration(t, waited_ms);
  return (
    <span className={`waiting-clock ${urgency(waited_ms)}`}>
      <Icon name="clock" size={14} />
      <span className="sr-only">{t("waiting_for", { duration: text })}</span>
      <span aria-hidden="true">{text}</span>
    </span>
  );
}

/** Text as text; addresses in it become links when they pass the allow-list. */
export function Words({ text }: { text: string }) {
  const { t } = useFrame();
  return linkify(text, location.origin).map(({ text: run, href }, i) =>
    href === null ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never change places
      <span key={i}>{run}</span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never change places
      <a key={i} href={href} target="_blank" rel="noopener noreferrer">
        {run}
        <span className="sr-only"> ({t("opens_new_tab")})</span>
      </a>
    ),
  );
}

export function Sources({ sources }: { sources: readonly Source[] }) {
  const { t, times } = useFrame();
  if (sources.length === 0) return null;
  return (
    <ul className="sources">
      {sources.map((source) => {
        const href = safeHref(source.url, location.origin);
        const name = source.section ? `${source.title} · ${source.section}` : source.title;
        const updated = source.updated
          ? t("source_updated", { date: times.date(source.updated) })
          : undefined;
        return (
          <li key={`${source.url}#${source.section}`}>
            {href === null ? (
              <span className="chip">{name}</span>
            ) : (
              <a className="chip" href={href} target="_blank" rel="noopener noreferrer" title={updated}>
                <Icon name="link" size={14} />
                {name}
                <span className="sr-only"> ({t("opens_new_tab")})</span>
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export interface EmptyProps {
  title: string;
  hint: string;
  icon?: IconName;
  children?: ReactNode;
}

export function Empty({ title, hint, icon, children }: EmptyProps) {
  return (
    <div className="empty">
      {icon !== undefined && (
        <span className="empty-icon">
          <Icon name={icon} size={28} />
        </span>
      )}
      <p className="empty-title">{title}</p>
      <p className="empty-hint">{hint}</p>
      {children}
    </div>
  );
}

export function Failed({ text, onRetry }: { text: string; onRetry: () => void }) {
  const { t } = useFrame();
  return (
    <div className="empty" role="alert">
      <p className="empty-title">{text}</p>
      <Button label={t("try_again")} onClick={onRetry} />
    </div>
  );
}

/** Run an action once at a time; `is_busy` disables what starts it. */
export function useBusy(): [boolean, (action: () => Promise<unknown>) => void] {
  const [is_busy, setBusy] = useState(false);
  const run = (action: () => Promise<unknown>) => {
    if (is_busy) return;
    setBusy(true);
    void action().finally(() => setBusy(false));
  };
  return [is_busy, run];
}
