/** Questions without an answer: the list, one group opened, and its article. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState } from "react";
import { type KnowledgePlace, knowledgeHash, routeHash } from "../../lib/route";
import { BASE } from "../../wire/http";
import {
  GROUP_STATUSES,
  type GroupStatus,
  type OpenedGroup,
  type Question,
  type QuestionGroup,
} from "../../wire/knowledge";
import { KNOWLEDGE } from "../../wire/knowledge-http";
import { explain } from "../act";
import { useFrame } from "../frame";
import { Icon } from "../icons";
import { Button, Empty, Failed, useBusy } from "../parts";
import { Editor } from "./editor";
import { type Paged, useLoad, usePages } from "./load";
import { Choice, PassageTitle, Waiting } from "./parts";

const ROW_PX = 84;
const SEARCH_DELAY_MS = 250;

export interface UnansweredProps {
  place: KnowledgePlace;
  onChange: () => void;
}

export function Unanswered({ place, onChange }: UnansweredProps) {
  const { console, t } = useFrame();
  const [status, setStatus] = useState<GroupStatus>("open");
  const [query, setQuery] = useState("");
  const load = useCallback(
    (cursor: string | null) => console.knowledge.groups(status, query, cursor),
    [console, status, query],
  );
  const list = usePages(load);
  const settled = (id: string) => {
    list.remove((group) => group.id === id);
    onChange();
  };
  return (
    <div className={`questions ${place.id === null ? "at-questions" : "at-question"}`}>
      <section className="question-list" aria-label={t("kn_unanswered")}>
        <div className="question-tools">
          <Choice
            label={t("kn_filter")}
            value={status}
            options={GROUP_STATUSES}
            text={(one) => t(`kn_status_${one}`)}
            onChange={setStatus}
          />
          <Exports status={status} />
          <SearchBox onSearch={setQuery} />
        </div>
        <Rows list={list} status={status} query={query} open_id={place.id} />
      </section>
      <section className="question-pane" aria-label={t("kn_pick_title")}>
        {place.id === null ? (
          <Empty icon="book" title={t("kn_pick_title")} hint={t("kn_pick_hint")} />
        ) : (
          <OneQuestion key={place.id} id={place.id} is_writing={place.is_writing} onSettled={settled} />
        )}
      </section>
    </div>
  );
}

function Exports({ status }: { status: GroupStatus }) {
  const { t } = useFrame();
  const href = (format: string) => `${BASE}${KNOWLEDGE}/unanswered/export?format=${format}&status=${status}`;
  return (
    <fieldset className="exports">
      <legend className="sr-only">{t("kn_export")}</legend>
      {(["csv", "jsonl"] as const).map((format) => (
        <a
          key={format}
          className="button quiet"
          href={href(format)}
          download
          title={t(`kn_export_${format}`)}
          aria-label={t(`kn_export_${format}`)}
        >
          <Icon name="download" size={16} />
          <span>{format.toUpperCase()}</span>
        </a>
      ))}
    </fieldset>
  );
}

function SearchBox({ onSearch }: { onSearch: (query: string) => void }) {
  const { t } = useFrame();
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => onSearch(text.trim()), text === "" ? 0 : SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  return (
    <search className="search">
      <Icon name="search" size={16} />
      <input
        type="search"
        value={text}
        placeholder={t("kn_search")}
        aria-label={t("kn_search")}
        onChange={(event) => setText(event.target.value)}
      />
    </search>
  );
}

interface RowsProps {
  list: Paged<QuestionGroup>;
  status: GroupStatus;
  query: string;
  open_id: string | null;
}

/** Only the rows in sight are drawn; the next page is asked for before its place comes into sight. */
function Rows({ list, status, query, open_id }: RowsProps) {
  const { t } = useFrame();
  const { items } = list;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (i) => items[i]?.id ?? i,
    overscan: 8,
  });
  const shown = virtual.getVirtualItems();
  const wants_more =
    list.has_more && list.status === "ready" && (shown.at(-1)?.index ?? 0) >= items.length - 15;
  const { more } = list;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each page
  useEffect(() => {
    if (wants_more) more();
  }, [wants_more, items.length]);
  if (items.length === 0 && list.status === "failed")
    return <Failed text={t("kn_failed")} onRetry={list.reload} />;
  if (items.length === 0 && list.status === "loading") return <Waiting />;
  if (items.length === 0)
    return query === "" ? (
      <Empty icon="check" title={t(`kn_empty_${status}_title`)} hint={t(`kn_empty_${status}_hint`)} />
    ) : (
      <Empty icon="search" title={t("kn_empty_search_title", { query })} hint={t("kn_empty_search_hint")} />
    );
  return (
    <div className="rows" ref={scroller}>
      <ul className="rows-inner" style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const group = items[index];
          if (group === undefined) return null;
          return (
            <li
              key={group.id}
              style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
              aria-setsize={list.has_more ? -1 : items.length}
              aria-posinset={index + 1}
            >
              <Row group={group} is_open={group.id === open_id} />
            </li>
          );
        })}
      </ul>
      {list.status === "failed" && <Failed text={t("kn_failed")} onRetry={list.more} />}
    </div>
  );
}

function Row({ group, is_open }: { group: QuestionGroup; is_open: boolean }) {
  const { t, times } = useFrame();
  const near = group.nearest[0];
  const facts =
    group.done_by !== null && group.done_at !== null
      ? t("kn_settled_by", { name: group.done_by, when: times.short(group.done_at) })
      : near === undefined
        ? t("kn_nothing_near")
        : t("kn_near", { title: near.title });
  return (
    <a
      className="row question-row"
      href={knowledgeHash("unanswered", group.id)}
      aria-current={is_open ? "true" : undefined}
    >
      <span className="asked" title={t("kn_asked", { count: group.asked })}>
        <span className="sr-only">{t("kn_asked", { count: group.asked })}</span>
        <span aria-hidden="true">{group.asked}</span>
      </span>
      <span className="question-words">
        <span className="question-text">{group.question}</span>
        <span className="question-facts">
          <span className="near">{facts}</span>
          <time dateTime={group.last_asked_at}>{times.short(group.last_asked_at)}</time>
        </span>
      </span>
    </a>
  );
}

interface OneProps {
  id: string;
  is_writing: boolean;
  onSettled: (id: string) => void;
}

function OneQuestion({ id, is_writing, onSettled }: OneProps) {
  const { console, t } = useFrame();
  const load = useCallback(() => console.knowledge.group(id), [console, id]);
  const opened = useLoad(load);
  const back = knowledgeHash("unanswered");
  const settled = () => {
    onSettled(id);
    location.hash = back;
  };
  return (
    <div className="question-scroll">
      <a
        className={`button quiet to-questions ${is_writing ? "is-writing" : ""}`}
        href={is_writing ? knowledgeHash("unanswered", id) : back}
      >
        <Icon name="back" />
        <span>{t(is_writing ? "back" : "kn_back_to_questions")}</span>
      </a>
      {opened.status === "failed" && <Failed text={t("kn_failed")} onRetry={opened.reload} />}
      {opened.status === "loading" && opened.data === null && <Waiting rows={3} />}
      {opened.data !== null &&
        (is_writing ? (
          <Editor opened={opened.data} onSaved={settled} />
        ) : (
          <Detail opened={opened.data} onSettled={settled} />
        ))}
    </div>
  );
}

/** The same words once, with everybody who used them; the wording that was used last comes first. */
function byWording(questions: readonly Question[]): [string, Question[]][] {
  const found = new Map<string, Question[]>();
  for (const one of questions) found.set(one.question, [...(found.get(one.question) ?? []), one]);
  return [...found];
}

function Detail({ opened, onSettled }: { opened: OpenedGroup; onSettled: () => void }) {
  const { t, times } = useFrame();
  const { group, questions } = opened;
  return (
    <article className="question-detail">
      <header>
        <h2 dir="auto">{group.question}</h2>
        <p className="soft">
          {t("kn_asked", { count: group.asked })},{" "}
          {t("kn_last_asked", { when: times.full(group.last_asked_at) })}
        </p>
        <Actions group={group} onSettled={onSettled} />
      </header>
      <section>
        <h3>{t("kn_nearest")}</h3>
        <p className="soft">{t(group.nearest.length === 0 ? "kn_nothing_near" : "kn_nearest_hint")}</p>
        <ul className="nearest">
          {group.nearest.map((passage, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a list that never changes places
            <li key={i} className="card">
              <PassageTitle title={passage.title} url={passage.url} />
              <p className="text">{passage.text}</p>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{t("kn_how_asked")}</h3>
        <ul className="asked-list">
          {byWording(questions).map(([wording, asked]) => (
            <li key={wording}>
              <q dir="auto">{wording}</q>
              <span className="asked-facts">
                {asked.map((one) => (
                  <a
                    key={`${one.conversation_id}/${one.seq}`}
                    href={routeHash({ view: "all", conversation_id: one.conversation_id })}
                    title={t("kn_open_conversation")}
                  >
                    <span className="sr-only">{t("kn_open_conversation")}, </span>
                    <time dateTime={one.asked_at}>{times.full(one.asked_at)}</time>
                  </a>
                ))}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </article>
  );
}

function Actions({ group, onSettled }: { group: QuestionGroup; onSettled: () => void }) {
  const { console, t, say, times } = useFrame();
  const [is_busy, run] = useBusy();
  const settle = (status: "open" | "dismissed") =>
    run(async () => {
      try {
        await console.knowledge.settle(group.id, status);
        say(t(status === "open" ? "kn_reopened" : "kn_dismissed"));
        onSettled();
      } catch (error) {
        say(explain(t, error), "alarm");
      }
    });
  return (
    <div className="question-actions">
      {group.status !== "written" && (
        <a className="button primary" href={knowledgeHash("unanswered", group.id, true)}>
          <Icon name="pencil" />
          <span>{t("kn_write")}</span>
        </a>
      )}
      {group.status === "open" ? (
        <Button label={t("kn_dismiss")} disabled={is_busy} onClick={() => settle("dismissed")} />
      ) : (
        <Button label={t("kn_reopen")} icon="undo" disabled={is_busy} onClick={() => settle("open")} />
      )}
      {group.done_by !== null && group.done_at !== null && (
        <span className="soft">
          {t("kn_settled_by", { name: group.done_by, when: times.full(group.done_at) })}
        </span>
      )}
    </div>
  );
}
