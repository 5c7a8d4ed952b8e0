/** Answers that were given from a text which says something else today. */
import { useCallback, useMemo, useState } from "react";
import { diffWords } from "../../lib/diff";
import { routeHash } from "../../lib/route";
import { customerName } from "../../lib/words";
import type { Correction } from "../../wire/knowledge";
import { explain } from "../act";
import { useFrame } from "../frame";
import { Button, Empty, Failed, useBusy, Words } from "../parts";
import { usePages } from "./load";
import { Choice, PassageTitle, Waiting } from "./parts";

const FILTERS = ["todo", "done"] as const;
type Filter = (typeof FILTERS)[number];

export function Corrections({ onChange }: { onChange: () => void }) {
  const { console, t } = useFrame();
  const [filter, setFilter] = useState<Filter>("todo");
  const load = useCallback(
    (cursor: string | null) => console.knowledge.corrections(filter === "done", cursor),
    [console, filter],
  );
  const list = usePages(load);
  const ticked = (gone: Correction) => {
    list.remove((one) => one === gone);
    onChange();
  };
  return (
    <div className="sheet-page">
      <Choice
        label={t("kn_filter")}
        value={filter}
        options={FILTERS}
        text={(one) => t(`kn_${one}`)}
        onChange={setFilter}
      />
      {list.items.length === 0 && list.status === "loading" && <Waiting />}
      {list.items.length === 0 && list.status === "ready" && (
        <Empty
          icon="check"
          title={t(filter === "todo" ? "kn_empty_outdated_title" : "kn_empty_done_title")}
          hint={t(filter === "todo" ? "kn_empty_outdated_hint" : "kn_empty_done_hint")}
        />
      )}
      <ul className="corrections">
        {list.items.map((one) => (
          <li key={`${one.conversation_id}/${one.seq}/${one.passage_id}`}>
            <CorrectionCard one={one} onTicked={ticked} />
          </li>
        ))}
      </ul>
      {list.status === "failed" && (
        <Failed text={t("kn_failed")} onRetry={list.items.length === 0 ? list.reload : list.more} />
      )}
      {list.has_more && list.status !== "failed" && (
        <Button
          label={t(list.status === "loading" ? "kn_loading_more" : "kn_show_more")}
          disabled={list.status === "loading"}
          onClick={list.more}
          className="show-more"
        />
      )}
    </div>
  );
}

function CorrectionCard({ one, onTicked }: { one: Correction; onTicked: (one: Correction) => void }) {
  const { console, t, times, say } = useFrame();
  const [is_busy, run] = useBusy();
  const is_done = one.done_at !== null;
  const name = customerName(t, one.customer, one.conversation_id);
  const tick = () =>
    run(async () => {
      try {
        await console.knowledge.tick(one, !is_done);
        say(t(is_done ? "kn_unticked" : "kn_ticked"));
        onTicked(one);
      } catch (error) {
        say(explain(t, error), "alarm");
      }
    });
  return (
    <article className="card correction">
      <header>
        <h2>{t("kn_said", { name, when: times.full(one.answered_at) })}</h2>
        <div className="correction-actions">
          <a className="button" href={routeHash({ view: "all", conversation_id: one.conversation_id })}>
            {t("kn_open_conversation")}
          </a>
          <Button
            icon={is_done ? "undo" : "check"}
            kind={is_done ? "plain" : "primary"}
            label={t(is_done ? "kn_untick" : "kn_tick")}
            disabled={is_busy}
            onClick={tick}
          />
        </div>
      </header>
      {is_done && (
        <p className="soft">
          {t("kn_settled_by", { name: one.done_by ?? "", when: times.full(one.done_at ?? "") })}
        </p>
      )}
      {one.question !== null && (
        <p className="text" dir="auto">
          <q>{one.question}</q>
        </p>
      )}
      <h3>{t("kn_answer_was")}</h3>
      <p className="text answer-was" dir="auto">
        <Words text={one.answer} />
      </p>
      <ThenAndNow one={one} />
    </article>
  );
}

/** Both texts side by side; what went and what came is marked by line and underline, not by colour alone. */
function ThenAndNow({ one }: { one: Correction }) {
  const { t, times } = useFrame();
  const before = one.old?.text ?? "";
  const after = one.new?.text ?? "";
  const runs = useMemo(
    () => (before !== "" && after !== "" ? diffWords(before, after) : null),
    [before, after],
  );
  const side = (kind: "removed" | "added", whole: string) =>
    runs === null
      ? whole
      : runs
          .filter((run) => run.kind === "same" || run.kind === kind)
          .map((run, i) =>
            run.kind === "same" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never change places
              <span key={i}>{run.text}</span>
            ) : kind === "removed" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never change places
              <del key={i}>{run.text}</del>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never change places
              <ins key={i}>{run.text}</ins>
            ),
          );
  const date = (updated: string | undefined) =>
    updated ? <span className="soft"> {t("kn_updated", { date: times.date(updated) })}</span> : null;
  return (
    <div className="two-texts">
      <section>
        <h3>
          {t("kn_text_then")}
          {date(one.old?.updated)}
        </h3>
        <p className="text">{before === "" ? t("kn_text_unknown") : side("removed", before)}</p>
      </section>
      <section>
        <h3>
          {t("kn_text_now")}
          {date(one.new?.updated)}
        </h3>
        {one.new !== null && <PassageTitle title={one.new.title} url={one.new.url} />}
        <p className="text">{after === "" ? t("kn_text_gone") : side("added", after)}</p>
      </section>
    </div>
  );
}
