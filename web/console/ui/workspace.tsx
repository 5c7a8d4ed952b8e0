/** The three panes, the keys and what is told while nobody looks. */
import { Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useCallback, useEffect, useRef, useState } from "react";
import { badgeTab, chime, notifyDesktop } from "../lib/alerts";
import { type Command, commandFor } from "../lib/keys";
import {
  type KnowledgePlace,
  knowledgeHash,
  parseKnowledge,
  parseRoute,
  type Route,
  routeHash,
} from "../lib/route";
import { nameOf } from "../lib/words";
import { VIEWS } from "../wire/http";
import type { Summary } from "../wire/wire";
import { ContextPane } from "./context-pane";
import { type ConversationHandle, ConversationPane } from "./conversation-pane";
import { KeysDialog } from "./dialogs";
import { useFrame, useSelect } from "./frame";
import { KnowledgePage } from "./knowledge/page";
import { ListPane, useRows, VIEW_COMMANDS } from "./list-pane";
import { Empty } from "./parts";
import { Toasts } from "./toasts";

const THREE_PANES = "(min-width: 1280px)";
const WATCH_DELAY_MS = 150;

export function Workspace() {
  const { console, t } = useFrame();
  const { route, place } = useRoute();
  const rows = useRows(route.view);
  const has_three_panes = useMediaQuery(THREE_PANES, window.matchMedia(THREE_PANES).matches, {
    getInitialValueInEffect: false,
  });
  const [is_context_open, setContextOpen] = useState(false);
  const [ticket, setTicket] = useState<{ id: string; number: string } | null>(null);
  const [are_keys_open, setKeysOpen] = useState(false);
  const conversation = useRef<ConversationHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const { view, conversation_id } = route;
  const ticket_number = ticket?.id === conversation_id ? ticket.number : null;

  useWatch(conversation_id);
  useNotices();
  useTabBadge();
  useWaitingList();

  const open = useCallback((id: string | null) => go({ view, conversation_id: id }), [view]);
  /** The next one in the list, once this one is done. */
  const openNext = () => {
    const at = rows.findIndex((row) => row.id === conversation_id);
    const next = view === "waiting" || view === "mine" ? (rows[at + 1] ?? rows[at - 1]) : undefined;
    open(next?.id ?? null);
  };
  const step = (by: 1 | -1) => {
    const at = rows.findIndex((row) => row.id === conversation_id);
    const target = at < 0 ? rows[by === 1 ? 0 : rows.length - 1] : rows[at + by];
    if (target !== undefined) open(target.id);
  };
  const back = () => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && isWriting(focused))
      document.getElementById("conversation")?.focus();
    else if (ticket_number !== null) setTicket(null);
    else if (conversation_id !== null) open(null);
  };
  const run = (command: Command): boolean => {
    if (command === "knowledge") location.hash = knowledgeHash("unanswered");
    if (place !== null) return runOnKnowledge(command, place, () => setKeysOpen(true));
    const view_at = VIEW_COMMANDS.indexOf(command);
    if (view_at >= 0) go({ view: VIEWS[view_at] ?? "waiting", conversation_id: null });
    else if (command === "next") step(1);
    else if (command === "previous") step(-1);
    else if (command === "search") search.current?.focus();
    else if (command === "help") setKeysOpen(true);
    else if (command === "undo") return console.undoResolve() !== null;
    else if (command === "back") back();
    else if (command === "knowledge") return true;
    else return conversation.current?.run(command) ?? false;
    return true;
  };
  useKeys(run);

  if (place !== null)
    return (
      <div className="workspace at-knowledge">
        <OfflineBanner />
        <KnowledgePage place={place} />
        {are_keys_open && <KeysDialog onClose={() => setKeysOpen(false)} />}
        <Toasts />
      </div>
    );
  return (
    <div className={`workspace ${conversation_id === null ? "at-list" : "at-conversation"}`}>
      <a className="skip" href={routeHash(route)} onClick={(event) => focusInstead(event, "conversation")}>
        {t("skip_to_conversation")}
      </a>
      <OfflineBanner />
      <ListPane route={route} rows={rows} search_ref={search} onHelp={() => setKeysOpen(true)} />
      {conversation_id === null ? (
        <NothingOpen first={rows[0] ?? null} route={route} />
      ) : (
        <ConversationPane
          key={conversation_id}
          id={conversation_id}
          route={route}
          onDone={openNext}
          onClaimed={() => go({ view: "mine", conversation_id })}
          onContext={() => setContextOpen((is_open) => !is_open)}
          ref={conversation}
        />
      )}
      {conversation_id !== null && has_three_panes && (
        <aside className="context" aria-label={t("context")}>
          <ContextPane
            id={conversation_id}
            ticket_number={ticket_number}
            onTicket={(number) => setTicket(number === null ? null : { id: conversation_id, number })}
          />
        </aside>
      )}
      {conversation_id !== null && !has_three_panes && (
        <Drawer
          opened={is_context_open}
          onClose={() => setContextOpen(false)}
          position="right"
          size={380}
          title={t("context")}
          lockScroll={false}
          transitionProps={{ duration: 160 }}
          closeButtonProps={{ "aria-label": t("close") }}
          className="context-drawer"
        >
          <ContextPane
            id={conversation_id}
            ticket_number={ticket_number}
            onTicket={(number) => setTicket(number === null ? null : { id: conversation_id, number })}
          />
        </Drawer>
      )}
      {are_keys_open && <KeysDialog onClose={() => setKeysOpen(false)} />}
      <Toasts />
    </div>
  );
}

interface Address {
  route: Route;
  /** Set while the address names a knowledge page. */
  place: KnowledgePlace | null;
}

function useRoute(): Address {
  const read = (): Address => ({ route: parseRoute(location.hash), place: parseKnowledge(location.hash) });
  const [address, setAddress] = useState(read);
  // biome-ignore lint/correctness/useExhaustiveDependencies: reads nothing but the address
  useEffect(() => {
    const onHash = () => setAddress(read());
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);
  return address;
}

/** The keys that mean something on the knowledge pages; Escape goes one level back. */
function runOnKnowledge(command: Command, place: KnowledgePlace, onHelp: () => void): boolean {
  const focused = document.activeElement;
  if (command === "help") onHelp();
  else if (command === "back" && focused instanceof HTMLElement && isWriting(focused)) focused.blur();
  else if (command === "back" && place.is_writing) location.hash = knowledgeHash("unanswered", place.id);
  else if (command === "back" && place.id !== null) location.hash = knowledgeHash(place.tab);
  else if (command === "back") go({ view: "waiting", conversation_id: null });
  else return command === "knowledge";
  return true;
}

function go(route: Route): void {
  location.hash = routeHash(route);
}

function focusInstead(event: React.MouseEvent, id: string): void {
  event.preventDefault();
  document.getElementById(id)?.focus();
}

/** Walking through the list with J and K watches only what one stays at. */
function useWatch(id: string | null): void {
  const { console } = useFrame();
  useEffect(() => {
    const timer = setTimeout(() => console.watch(id), WATCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [console, id]);
}

/** Who waits is always known, whatever is on the screen: the badge and the alerts depend on it. */
function useWaitingList(): void {
  const { console } = useFrame();
  const is_idle = useSelect((state) => state.session === "live" && state.lists.waiting.status === "idle");
  useEffect(() => {
    if (is_idle) void console.loadView("waiting");
  }, [console, is_idle]);
}

function useTabBadge(): void {
  const { t } = useFrame();
  const waiting = useSelect((state) => state.overview?.waiting ?? 0);
  useEffect(() => badgeTab(waiting, t("app_name")), [waiting, t]);
}

function useNotices(): void {
  const { console, t, say, preferences } = useFrame();
  useEffect(
    () =>
      console.onNotice((notice) => {
        if (notice.type === "resolve_failed") {
          const known = console.getState().summaries.get(notice.id);
          say(t("resolve_failed", { name: known === undefined ? "" : nameOf(t, known) }), "alarm");
          return;
        }
        const { summary } = notice;
        const name = nameOf(t, summary);
        if (notice.type === "resolve_stopped") return say(t("resolve_stopped", { name }));
        if (notice.type === "handoff" && preferences.has_sound) chime();
        if (!preferences.has_notifications) return;
        const is_handoff = notice.type === "handoff";
        const body = (is_handoff ? summary.handoff?.brief : summary.last_entry?.text) ?? "";
        const hash = routeHash({ view: is_handoff ? "waiting" : "mine", conversation_id: summary.id });
        notifyDesktop(t(is_handoff ? "notify_handoff" : "notify_wrote", { name }), body, hash);
      }),
    [console, t, say, preferences],
  );
}

const DIALOGS = '[role="dialog"][aria-modal="true"], [role="menu"]';

function isWriting(element: Element | null): boolean {
  return (
    element instanceof HTMLElement &&
    element.matches("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")
  );
}

/** Arrow keys walk through the list only from there or from nowhere: elsewhere they scroll or choose. */
function isInList(element: Element | null): boolean {
  return (
    element === null || element === document.body || element.id === "conversation" || element.matches(".row")
  );
}

function useKeys(run: (command: Command) => boolean): void {
  const { preferences } = useFrame();
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    // A dialog closes on Escape before the press arrives here, so whether one was open is asked on the way down.
    let was_dialog_open = false;
    const onDown = () => {
      was_dialog_open = document.querySelector(DIALOGS) !== null;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const command = commandFor(event, {
        is_writing: isWriting(document.activeElement),
        is_dialog_open: was_dialog_open,
        has_single_keys: preferences.has_single_keys,
      });
      const is_arrow_of_its_own = event.key.startsWith("Arrow") && !isInList(document.activeElement);
      if (command !== null && !is_arrow_of_its_own && latest.current(command)) event.preventDefault();
    };
    window.addEventListener("keydown", onDown, { capture: true });
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onDown, { capture: true });
      window.removeEventListener("keydown", onKey);
    };
  }, [preferences.has_single_keys]);
}

function OfflineBanner() {
  const { t, say } = useFrame();
  const connection = useSelect((state) => state.connection);
  const was_away = useRef(false);
  useEffect(() => {
    if (connection === "away") was_away.current = true;
    else if (connection === "live" && was_away.current) {
      was_away.current = false;
      say(t("back_online"));
    }
  }, [connection, say, t]);
  return (
    <div className="offline-region" role="status">
      {connection === "away" && <p className="offline-banner">{t("offline")}</p>}
    </div>
  );
}

function NothingOpen({ first, route }: { first: Summary | null; route: Route }) {
  const { t } = useFrame();
  const waiting = useSelect((state) => state.overview?.waiting ?? 0);
  const is_elsewhere = waiting > 0 && route.view !== "waiting";
  const title = waiting > 0 ? t("nothing_open_waiting", { count: waiting }) : t("nothing_open_title");
  return (
    <main className="conversation nothing" id="conversation" tabIndex={-1}>
      <Empty title={title} hint={t("nothing_open_hint")}>
        {is_elsewhere && (
          <a className="button plain" href={routeHash({ view: "waiting", conversation_id: null })}>
            {t("show_waiting")}
          </a>
        )}
        {!is_elsewhere && first !== null && (
          <a className="button plain" href={routeHash({ view: route.view, conversation_id: first.id })}>
            {t("open_first")}
          </a>
        )}
      </Empty>
    </main>
  );
}
