/** Where the articles come from, how they are, how their answers are taken, and what contradicts itself. */
import { useCallback, useEffect } from "react";
import { type ConsoleKey, keyFor } from "../../i18n/console";
import { wordsFor } from "../../lib/words";
import type {
  Conflict,
  IndexState,
  PassageText,
  Source,
  SourcesPage,
  VotedPassage,
} from "../../wire/knowledge";
import { explain } from "../act";
import { useFrame } from "../frame";
import { Icon, type IconName } from "../icons";
import { Button, Empty, Failed, useBusy } from "../parts";
import { useLoad } from "./load";
import { PassageTitle, Waiting } from "./parts";
import { TeamArticles } from "./team-articles";

const LOOK_AGAIN_MS = 2_000;
const MAX_FAILURES = 20;

export function Sources() {
  const { console, t } = useFrame();
  const load = useCallback(() => console.knowledge.sources(), [console]);
  const page = useLoad(load);
  const { data, put, reload } = page;
  const is_busy = data?.index.is_busy ?? false;
  useEffect(() => {
    if (!is_busy) return;
    const timer = setInterval(() => void load().then(put, () => {}), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [is_busy, load, put]);
  if (data === null)
    return page.status === "failed" ? <Failed text={t("kn_failed")} onRetry={reload} /> : <Waiting />;
  return (
    <div className="sheet-page">
      <Index index={data.index} onRefresh={() => void load().then(put, () => {})} />
      <SourceTable page={data} />
      <TeamArticles />
      <Conflicts conflicts={data.conflicts} />
      <Unhelpful passages={data.unhelpful} />
    </div>
  );
}

function Index({ index, onRefresh }: { index: IndexState; onRefresh: () => void }) {
  const { console, t, times, say } = useFrame();
  const [is_asking, run] = useBusy();
  const refresh = () =>
    run(async () => {
      try {
        await console.knowledge.refresh();
        say(t("kn_refresh_begun"));
        onRefresh();
      } catch (error) {
        say(explain(t, error), "alarm");
      }
    });
  const { documents, passages, built_at, is_busy } = index;
  return (
    <section className="card index-state" aria-label={t("kn_index")}>
      <div>
        <h2>{t("kn_index")}</h2>
        {index.index_id === null ? (
          <p className="soft">{t("kn_index_none")}</p>
        ) : (
          <p className="soft">
            {t("kn_index_counts", { passages, documents })}
            {built_at !== null && ` · ${t("kn_index_built", { when: times.full(built_at) })}`}
          </p>
        )}
        {index.failure !== null && (
          <p className="failure-line">
            <Icon name="warning" size={15} />
            {t("kn_refresh_failed", { reason: index.failure })}
          </p>
        )}
      </div>
      <Button
        icon="refresh"
        label={t(is_busy ? "kn_refreshing" : "kn_refresh")}
        disabled={is_busy || is_asking}
        onClick={refresh}
      />
    </section>
  );
}

function SourceTable({ page }: { page: SourcesPage }) {
  const { t } = useFrame();
  if (page.items.length === 0)
    return <Empty icon="book" title={t("kn_empty_sources_title")} hint={t("kn_empty_sources_hint")} />;
  return (
    <table className="sources-table">
      <thead>
        <tr>
          <th scope="col">{t("kn_source")}</th>
          <th scope="col">{t("kn_state")}</th>
          <th scope="col">{t("kn_last_good")}</th>
          <th scope="col" className="number">
            {t("kn_passages")}
          </th>
          <th scope="col">{t("kn_helpful")}</th>
        </tr>
      </thead>
      <tbody>
        {page.items.map((source) => (
          <SourceRow key={source.name} source={source} />
        ))}
      </tbody>
    </table>
  );
}

const STATES: Record<string, { icon: IconName; tone: string }> = {
  ok: { icon: "check", tone: "good" },
  partly: { icon: "warning", tone: "attention" },
  gone: { icon: "warning", tone: "attention" },
  failed: { icon: "warning", tone: "urgent" },
};

function SourceRow({ source }: { source: Source }) {
  const { t, times } = useFrame();
  const state = STATES[source.state] ?? { icon: "info" as const, tone: "" };
  const { failures } = source;
  const name = keyFor("kn_source", source.name);
  return (
    <tr>
      <th scope="row">
        <span className="source-name">{name === null ? source.name : t(name)}</span>
        {failures.length > 0 && (
          <details className="failures">
            <summary>{t("kn_failures", { count: failures.length })}</summary>
            <ul>
              {failures.slice(0, MAX_FAILURES).map((failure) => (
                <li key={failure}>{failure}</li>
              ))}
            </ul>
          </details>
        )}
      </th>
      <td data-label={t("kn_state")}>
        <span className={`badge ${state.tone}`}>
          <Icon name={state.icon} size={13} />
          {wordsFor(t, "kn_state", source.state)}
        </span>
      </td>
      <td data-label={t("kn_last_good")}>
        {source.last_good_at === null ? (
          <span className="soft">{t("kn_never")}</span>
        ) : (
          <time dateTime={source.last_good_at}>{times.full(source.last_good_at)}</time>
        )}
      </td>
      <td data-label={t("kn_passages")} className="number">
        {source.passages}
      </td>
      <td data-label={t("kn_helpful")}>
        <Votes helpful={source.helpful} unhelpful={source.unhelpful} />
      </td>
    </tr>
  );
}

function Votes({ helpful, unhelpful }: { helpful: number; unhelpful: number }) {
  const { t } = useFrame();
  if (helpful + unhelpful === 0) return <span className="soft">{t("kn_no_votes")}</span>;
  return (
    <span className="votes">
      <span className="sr-only">{t("kn_votes", { helpful, unhelpful })}</span>
      <span aria-hidden="true">
        <Icon name="thumb_up" size={15} />
        {helpful}
      </span>
      <span aria-hidden="true">
        <Icon name="thumb_down" size={15} />
        {unhelpful}
      </span>
    </span>
  );
}

function Conflicts({ conflicts }: { conflicts: readonly Conflict[] }) {
  const { t } = useFrame();
  return (
    <section className="part">
      <h2>{t("kn_conflicts")}</h2>
      <p className="soft">{t(conflicts.length === 0 ? "kn_no_conflicts" : "kn_conflicts_hint")}</p>
      <ul className="conflicts">
        {conflicts.map(({ newer, older, is_dated }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a list that never changes places
          <li key={i} className="card two-texts">
            <Side passage={newer} mark={is_dated ? "kn_newer" : "kn_undated"} />
            <Side passage={older} mark={is_dated ? "kn_older" : "kn_undated"} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Side({ passage, mark }: { passage: PassageText; mark: ConsoleKey }) {
  const { t, times } = useFrame();
  return (
    <section>
      <p className="side-head">
        <span className={mark === "kn_newer" ? "badge good" : "badge"}>{t(mark)}</span>
        {passage.updated !== "" && (
          <span className="soft">{t("kn_updated", { date: times.date(passage.updated) })}</span>
        )}
      </p>
      <PassageTitle title={passage.title} url={passage.url} />
      <p className="text">{passage.text}</p>
    </section>
  );
}

function Unhelpful({ passages }: { passages: readonly VotedPassage[] }) {
  const { t } = useFrame();
  return (
    <section className="part">
      <h2>{t("kn_unhelpful")}</h2>
      <p className="soft">{t(passages.length === 0 ? "kn_no_unhelpful" : "kn_unhelpful_hint")}</p>
      <ul className="voted">
        {passages.map((passage) => (
          <li key={passage.passage_id}>
            <code>{passage.passage_id}</code>
            <Votes helpful={passage.helpful} unhelpful={passage.unhelpful} />
          </li>
        ))}
      </ul>
    </section>
  );
}
