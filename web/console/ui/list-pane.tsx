/** The list: what needs me now. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type Ref, useEffect, useMemo, useRef, useState } from "react";
import type { ConsoleKey } from "../i18n/console";
import type { Command } from "../lib/keys";
import { type Route, routeHash } from "../lib/route";
import { listView } from "../state/views";
import { VIEWS, type View } from "../wire/http";
import type { Overview, Summary } from "../wire/wire";
import { useFrame, useSelect } from "./frame";
import { Icon } from "./icons";
import { ListRow } from "./list-row";
import { Button, Empty, Failed } from "./parts";
import { StatusMenu } from "./status-menu";

const ROW_PX = 84;
const MAX_COUNT = 999;
const SEARCH_DELAY_MS = 250;

/** The rows that the list shows, in order: also what J and K walk through. */
export function useRows(view: View): readonly Summary[] {
  const summaries = useSelect((state) => state.summaries);
  const search = useSelect((state) => state.search);
  const my_id = useSelect((state) => state.me?.id ?? "");
  return useMemo(() => {
    if (search === null || search.view !== view) return listView(summaries.values(), view, my_id);
    return search.ids.map((id) => summaries.get(id)).filter((summary) => summary !== undefined);
  }, [summaries, search, view, my_id]);
}

export interface ListPaneProps {
  route: Route;
  rows: readonly Summary[];
  search_ref: Ref<HTMLInputElement>;
  onHelp: () => void;
}

export function ListPane({ route, rows, search_ref, onHelp }: ListPaneProps) {
  const { t } = useFrame();
  return (
    <nav className="list-pane" aria-label={t("conversations")}>
      <div className="list-head">
        <StatusMenu onHelp={onHelp} />
      </div>
      <SearchBox key={route.view} view={route.view} input_ref={search_ref} />
      <ViewTabs route={route} />
      <Rows route={route} rows={rows} />
    </nav>
  );
}

function SearchBox({ view, input_ref }: { view: View; input_ref: Ref<HTMLInputElement> }) {
  const { console, t } = useFrame();
  const [query, setQuery] = useState("");
  useEffect(() => {
    const timer = setTimeout(
      () => void console.search(view, query.trim()),
      query === "" ? 0 : SEARCH_DELAY_MS,
    );
    return () => clearTimeout(timer);
  }, [console, view, query]);
  return (
    <search className="search">
      <Icon name="search" size={16} />
      <input
        ref={input_ref}
        type="search"
        value={query}
        placeholder={t("search")}
        aria-label={t("search")}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && query !== "") {
            event.stopPropagation();
            setQuery("");
          }
        }}
      />
      {query === "" ? (
        <kbd>/</kbd>
      ) : (
        <Button icon="close" is_bare kind="quiet" label={t("clear_search")} onClick={() => setQuery("")} />
      )}
    </search>
  );
}

const COUNTED: Partial<Record<View, keyof Overview>> = { waiting: "waiting", mine: "mine", bot: "bot" };

function ViewTabs({ route }: { route: Route }) {
  const { t } = useFrame();
  const overview = useSelect((state) => state.overview);
  return (
    <ul className="views" aria-label={t("views")}>
      {VIEWS.map((view, i) => {
        const counted = COUNTED[view];
        const count = counted === undefined ? null : (overview?.[counted] ?? null);
        return (
          <li key={view}>
            <a
              href={routeHash({ view, conversation_id: null })}
              aria-current={view === route.view ? "page" : undefined}
              aria-keyshortcuts={String(i + 1)}
              className={view === "waiting" && count ? "view needs-me" : "view"}
            >
              {t(`view_${view}`)}
              {count !== null && count > 0 && (
                <span className="count">{count > MAX_COUNT ? `${MAX_COUNT}+` : count}</span>
              )}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function Rows({ route, rows }: { route: Route; rows: readonly Summary[] }) {
  const { console, t } = useFrame();
  const { view } = route;
  const list = useSelect((state) => (state.search?.view === view ? state.search : state.lists[view]));
  const query = useSelect((state) => (state.search?.view === view ? state.search.query : ""));
  const session = useSelect((state) => state.session);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (i) => rows[i]?.id ?? i,
    overscan: 8,
  });

  const is_idle = useSelect((state) => state.lists[view].status === "idle");
  useEffect(() => {
    if (is_idle && session === "live") void console.loadView(view);
  }, [console, view, is_idle, session]);

  const shown = virtual.getVirtualItems();
  const last_shown = shown.at(-1)?.index ?? 0;
  const has_more = list.status === "ready" && list.next_cursor !== null && last_shown >= rows.length - 10;
  useEffect(() => {
    if (!has_more) return;
    if (query === "") void console.loadView(view, true);
    else void console.search(view, query, true);
  }, [console, view, query, has_more]);

  const at = rows.findIndex((row) => row.id === route.conversation_id);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);

  const retry = () => void (query === "" ? console.loadView(view) : console.search(view, query));
  if (rows.length === 0 && list.status === "failed")
    return <Failed text={t(query === "" ? "list_failed" : "search_failed")} onRetry={retry} />;
  if (rows.length === 0 && list.status !== "ready") return <Skeletons />;
  if (rows.length === 0) return <EmptyList view={view} query={query} />;
  return (
    <div className="rows" ref={scroller}>
      <ul className="rows-inner" style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <li
              key={row.id}
              style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
              aria-setsize={list.next_cursor === null ? rows.length : -1}
              aria-posinset={index + 1}
            >
              <ListRow summary={row} view={view} is_open={row.id === route.conversation_id} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Skeletons() {
  const { t } = useFrame();
  return (
    <div className="rows skeletons" role="status" aria-label={t("loading")}>
      {[1, 2, 3, 4, 5, 6].map((i) => (
        <div key={i} className="skeleton-row">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

/** An empty list says what would be here and where to look instead. */
function EmptyList({ view, query }: { view: View; query: string }) {
  const { t } = useFrame();
  const overview = useSelect((state) => state.overview);
  if (query !== "")
    return <Empty icon="search" title={t("empty_search_title", { query })} hint={t("empty_search_quiet")} />;
  const title = t(`empty_${view}_title`);
  const other = elsewhere(view, overview);
  if (other === null)
    return (
      <Empty icon={view === "waiting" ? "check" : "user"} title={title} hint={t(`empty_${view}_quiet`)} />
    );
  return (
    <Empty icon="check" title={title} hint={t(other.hint, { count: other.count })}>
      <a className="button plain" href={routeHash({ view: other.view, conversation_id: null })}>
        {t(other.label)}
      </a>
    </Empty>
  );
}

interface Elsewhere {
  view: View;
  count: number;
  hint: ConsoleKey;
  label: ConsoleKey;
}

function elsewhere(view: View, overview: Overview | null): Elsewhere | null {
  if (overview === null) return null;
  if (view === "waiting" && overview.bot > 0)
    return { view: "bot", count: overview.bot, hint: "empty_waiting_bot", label: "show_bot" };
  if (view === "mine" && overview.waiting > 0)
    return { view: "waiting", count: overview.waiting, hint: "empty_mine_waiting", label: "show_waiting" };
  return null;
}

export const VIEW_COMMANDS: readonly Command[] = ["view_1", "view_2", "view_3", "view_4", "view_5"];
