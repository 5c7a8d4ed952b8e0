/** One conversation, read like a document. */
import { Menu } from "@mantine/core";
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Command } from "../lib/keys";
import { type Route, routeHash } from "../lib/route";
import { nameOf } from "../lib/words";
import { buildBlocks } from "../state/blocks";
import { type Log, NEW_LOG, openDraft } from "../state/log";
import type { Agent, Summary } from "../wire/wire";
import { useAct } from "./act";
import { Composer, type ComposerHandle, claimLabel } from "./composer";
import { ReturnDialog, TicketDialog, TransferDialog } from "./dialogs";
import { BlockView, Unsent, type UnsentProps } from "./entries";
import { useFrame, useSelect } from "./frame";
import { Icon, type IconName } from "./icons";
import { Button, Failed, WaitingClock } from "./parts";

type UnsentActions = Omit<UnsentProps, "item">;
type Dialog = "return" | "transfer" | "ticket";

export interface ConversationHandle {
  /** Do what the key says; false when it means nothing here. */
  run: (command: Command) => boolean;
}

export interface ConversationPaneProps {
  id: string;
  route: Route;
  /** Where to go when this conversation is done. */
  onDone: () => void;
  /** It is mine now. */
  onClaimed: () => void;
  onContext: () => void;
  ref: Ref<ConversationHandle>;
}

export function ConversationPane({ id, ref, ...rest }: ConversationPaneProps) {
  const { console, t } = useFrame();
  const summary = useSelect((state) => state.summaries.get(id) ?? null);
  const log = useSelect((state) => state.logs.get(id) ?? NEW_LOG);
  if (log.status === "failed" && log.entries.length === 0)
    return (
      <main className="conversation" id="conversation" tabIndex={-1}>
        <Failed text={t("conversation_failed")} onRetry={() => void console.loadConversation(id)} />
      </main>
    );
  if (summary === null) return <ConversationSkeleton />;
  return <Conversation summary={summary} log={log} ref={ref} {...rest} />;
}

function ConversationSkeleton() {
  const { t } = useFrame();
  return (
    <main className="conversation" id="conversation" tabIndex={-1} aria-busy="true" aria-label={t("loading")}>
      <div className="skeleton-log">
        <span />
        <span />
        <span />
      </div>
    </main>
  );
}

interface ConversationProps extends Omit<ConversationPaneProps, "id"> {
  summary: Summary;
  log: Log;
}

/** What this agent may do with this conversation now. */
function powers(
  summary: Summary,
  me: Agent | null,
): { is_mine: boolean; can_claim: boolean; can_resolve: boolean } {
  const { owner } = summary;
  const is_mine = owner.kind === "agent" && owner.agent_id === me?.id;
  const is_anothers = owner.kind === "agent" && !is_mine;
  const is_supervisor = me?.role === "supervisor";
  return {
    is_mine,
    can_claim: !is_mine && (!is_anothers || is_supervisor),
    can_resolve: owner.kind !== "closed" && (!is_anothers || is_supervisor),
  };
}

function Conversation({ summary, log, route, onDone, onClaimed, onContext, ref }: ConversationProps) {
  const { console } = useFrame();
  const me = useSelect((state) => state.me);
  const act = useAct();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [are_traces_open, setTracesOpen] = useState(false);
  const composer = useRef<ComposerHandle>(null);
  const suggestion = useMemo(() => openDraft(log.entries), [log.entries]);
  const { is_mine, can_claim, can_resolve } = powers(summary, me);

  const claim = async () => {
    if (!(await act(summary.id, () => console.claim(summary)))) return;
    composer.current?.write("reply");
    onClaimed();
  };
  const resolve = () => {
    console.resolveSoon(summary);
    onDone();
  };
  // What was pressed disappears with its line, so the focus goes to where one writes.
  const unsent_actions: UnsentActions = {
    onRetry: (item) => {
      console.retry(item.client_id);
      composer.current?.write(item.kind);
    },
    onEdit: (item) => composer.current?.edit(item.kind, console.discard(item.client_id)),
    onDiscard: (item) => {
      console.discard(item.client_id);
      composer.current?.write(item.kind);
    },
  };
  const commands: Partial<Record<Command, (() => void) | false>> = {
    claim: can_claim && (() => void claim()),
    reply: () => composer.current?.write("reply"),
    note: () => composer.current?.write("note"),
    suggestion: is_mine && suggestion !== null && (() => composer.current?.takeSuggestion()),
    ticket: () => setDialog("ticket"),
    return: is_mine && (() => setDialog("return")),
    transfer: is_mine && (() => setDialog("transfer")),
    resolve: can_resolve && resolve,
    traces: () => setTracesOpen((are_open) => !are_open),
    context: onContext,
  };
  const run = (command: Command): boolean => {
    const action = commands[command];
    if (!action) return false;
    action();
    return true;
  };
  useImperativeHandle(ref, () => ({ run }));

  return (
    <main className="conversation" id="conversation" tabIndex={-1}>
      <Head summary={summary} route={route} can={(command) => Boolean(commands[command])} onCommand={run} />
      <LogView
        summary={summary}
        log={log}
        are_traces_open={are_traces_open}
        unsent_actions={unsent_actions}
      />
      <Composer
        key={summary.id}
        ref={composer}
        summary={summary}
        suggestion={suggestion}
        can_claim={can_claim}
        onClaim={claim}
      />
      {dialog === "return" && (
        <ReturnDialog summary={summary} onClose={() => setDialog(null)} onDone={onDone} />
      )}
      {dialog === "transfer" && (
        <TransferDialog summary={summary} onClose={() => setDialog(null)} onDone={onDone} />
      )}
      {dialog === "ticket" && <TicketDialog summary={summary} log={log} onClose={() => setDialog(null)} />}
    </main>
  );
}

interface HeadProps {
  summary: Summary;
  route: Route;
  can: (command: Command) => boolean;
  onCommand: (command: Command) => boolean;
}

const HEAD_ACTIONS: readonly {
  command: Command;
  icon: IconName;
  label: "return_to_bot" | "transfer" | "ticket" | "resolve";
}[] = [
  { command: "ticket", icon: "ticket", label: "ticket" },
  { command: "transfer", icon: "transfer", label: "transfer" },
  { command: "return", icon: "bot", label: "return_to_bot" },
  { command: "resolve", icon: "check", label: "resolve" },
];

function Head({ summary, route, can, onCommand }: HeadProps) {
  const { t } = useFrame();
  const actions = HEAD_ACTIONS.filter(({ command }) => can(command));
  return (
    <header className="head">
      <a
        className="button quiet bare to-list"
        href={routeHash({ view: route.view, conversation_id: null })}
        aria-label={t("back_to_list")}
      >
        <Icon name="back" />
      </a>
      <div className="head-words">
        <h2>{nameOf(t, summary)}</h2>
        <OwnerLine summary={summary} />
      </div>
      <div className="head-actions" role="toolbar" aria-label={t("actions")}>
        {can("claim") && (
          <Button
            className="head-claim"
            icon="claim"
            label={t(claimLabel(summary))}
            command="claim"
            onClick={() => onCommand("claim")}
          />
        )}
        {actions.map(({ command, icon, label }) => (
          <Button
            key={command}
            className="wide-only"
            icon={icon}
            label={t(label)}
            command={command}
            onClick={() => onCommand(command)}
          />
        ))}
        <Menu
          position="bottom-end"
          shadow="none"
          transitionProps={{ duration: 120 }}
          withInitialFocusPlaceholder={false}
        >
          <Menu.Target>
            <Button className="narrow-only" kind="quiet" is_bare icon="more" label={t("more")} />
          </Menu.Target>
          <Menu.Dropdown>
            {actions.map(({ command, icon, label }) => (
              <Menu.Item key={command} leftSection={<Icon name={icon} />} onClick={() => onCommand(command)}>
                {t(label)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Button
          className="to-context"
          kind="quiet"
          is_bare
          icon="info"
          label={t("details")}
          command="context"
          onClick={() => onCommand("context")}
        />
      </div>
    </header>
  );
}

function OwnerLine({ summary }: { summary: Summary }) {
  const { t } = useFrame();
  const my_id = useSelect((state) => state.me?.id ?? "");
  const { owner, queue_position } = summary;
  const others = summary.viewers.filter(({ agent_id }) => agent_id !== my_id && agent_id !== owner.agent_id);
  const words = () => {
    if (owner.kind === "queue")
      return queue_position === null
        ? t("owner_queue")
        : t("owner_queue_place", { position: queue_position });
    if (owner.kind === "agent")
      return owner.agent_id === my_id ? t("owner_me") : t("owner_agent", { name: owner.agent_name ?? "" });
    return t(`owner_${owner.kind}`);
  };
  return (
    <p className="owner-line">
      <span className={`owner-dot ${owner.kind}`} aria-hidden="true" />
      <span className="owner-words">{words()}</span>
      {owner.kind === "queue" && summary.waiting_since !== null && (
        <WaitingClock since={summary.waiting_since} />
      )}
      {others.length > 0 && (
        <span className="also">
          <Icon name="eye" size={14} />
          <span>
            {t("also_looking", {
              count: others.length,
              names: others.map((viewer) => viewer.name).join(", "),
            })}
          </span>
        </span>
      )}
    </p>
  );
}

interface LogViewProps {
  summary: Summary;
  log: Log;
  are_traces_open: boolean;
  unsent_actions: UnsentActions;
}

const NEAR_BOTTOM_PX = 80;

function LogView({ summary, log, are_traces_open, unsent_actions }: LogViewProps) {
  const { t, times } = useFrame();
  const outbox = useSelect((state) => state.outbox);
  const unsent = useMemo(
    () => outbox.filter((item) => item.conversation_id === summary.id),
    [outbox, summary.id],
  );
  const blocks = useMemo(() => buildBlocks(log.entries, times.dayOf), [log.entries, times]);
  const { scroller, missed, toEnd, onScroll } = useStickyEnd(
    summary.id,
    log.entries.length,
    unsent.map((item) => item.status).join(),
  );
  const last_agent = log.entries.findLast((entry) => entry.kind === "agent");
  const is_seen = last_agent !== undefined && last_agent.seq <= log.customer_read_seq;
  const name = nameOf(t, summary);
  return (
    <div className="log-frame">
      <div
        className="log"
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={t("log_label", { name })}
        aria-live="polite"
        aria-relevant="additions"
      >
        <div className="page">
          {log.status === "loading" && log.entries.length === 0 && (
            <div className="skeleton-log">
              <span />
              <span />
              <span />
            </div>
          )}
          {blocks.map((block) => (
            <BlockView key={block.key} block={block} summary={summary} are_traces_open={are_traces_open} />
          ))}
          {is_seen && log.entries.at(-1)?.seq === last_agent?.seq && (
            <p className="seen">
              <Icon name="checks" size={14} />
              {t("seen")}
            </p>
          )}
          {unsent.map((item) => (
            <Unsent key={item.client_id} item={item} {...unsent_actions} />
          ))}
        </div>
      </div>
      <TypingLine summary={summary} />
      {missed > 0 && (
        <button type="button" className="missed" onClick={toEnd}>
          <Icon name="down" size={14} />
          {t("new_below", { count: missed })}
          <span className="sr-only">, {t("to_latest")}</span>
        </button>
      )}
    </div>
  );
}

/** Keep the newest line in sight, unless the reader scrolled up; then count what came meanwhile. */
function useStickyEnd(id: string, count: number, unsent: string) {
  const scroller = useRef<HTMLDivElement>(null);
  const is_at_end = useRef(true);
  const seen = useRef({ id: "", count: 0 });
  const [missed, setMissed] = useState(0);

  const toEnd = () => {
    const box = scroller.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
    is_at_end.current = true;
    setMissed(0);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a line that is not sent yet, or failed, counts as a change too
  useLayoutEffect(() => {
    const is_other = seen.current.id !== id;
    const added = is_other ? 0 : count - seen.current.count;
    seen.current = { id, count };
    if (is_other || is_at_end.current) toEnd();
    else if (added > 0) setMissed((before) => before + added);
  }, [id, count, unsent]);
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => {
      if (is_at_end.current) box.scrollTop = box.scrollHeight;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    is_at_end.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    if (is_at_end.current) setMissed(0);
  };
  return { scroller, missed, toEnd, onScroll };
}

/** Space is kept for it, so nothing jumps when somebody types. */
function TypingLine({ summary }: { summary: Summary }) {
  const { t } = useFrame();
  const typing = useSelect((state) => state.typing.get(summary.id) ?? null);
  const name =
    typing === null ? "" : (typing.name ?? (typing.who === "customer" ? nameOf(t, summary) : t("bot")));
  return (
    <p className="typing" role="status">
      {typing !== null && t("is_typing", { name })}
    </p>
  );
}
