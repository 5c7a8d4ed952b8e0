/** The articles that the team wrote, as a list; each one opens to be changed. */
import { useCallback } from "react";
import { knowledgeHash } from "../../lib/route";
import { wordsFor } from "../../lib/words";
import type { ArticleRow } from "../../wire/knowledge";
import { useFrame } from "../frame";
import { Button, Failed } from "../parts";
import { usePages } from "./load";
import { Waiting } from "./parts";

export function TeamArticles() {
  const { console, t } = useFrame();
  const load = useCallback((cursor: string | null) => console.knowledge.articles(cursor), [console]);
  const list = usePages(load);
  const is_empty = list.items.length === 0;
  const is_loading = list.status === "loading";
  return (
    <section className="part" aria-label={t("kn_team")}>
      <h2>{t("kn_team")}</h2>
      {list.status !== "failed" && !(is_empty && is_loading) && (
        <p className="soft">{t(is_empty ? "kn_no_team" : "kn_team_hint")}</p>
      )}
      {is_empty && is_loading && <Waiting rows={2} />}
      {!is_empty && <Table articles={list.items} />}
      {list.status === "failed" && (
        <Failed text={t("kn_failed")} onRetry={is_empty ? list.reload : list.more} />
      )}
      {list.has_more && list.status !== "failed" && (
        <Button
          label={t(is_loading ? "kn_loading_more" : "kn_show_more")}
          disabled={is_loading}
          onClick={list.more}
          className="show-more"
        />
      )}
    </section>
  );
}

function Table({ articles }: { articles: readonly ArticleRow[] }) {
  const { t, times } = useFrame();
  return (
    <table className="sources-table team-articles">
      <thead>
        <tr>
          <th scope="col">{t("kn_title")}</th>
          <th scope="col">{t("kn_audience")}</th>
          <th scope="col">{t("kn_changed")}</th>
          <th scope="col" className="number">
            {t("kn_team_questions")}
          </th>
        </tr>
      </thead>
      <tbody>
        {articles.map((article) => (
          <tr key={article.name}>
            <th scope="row">
              <a href={knowledgeHash("sources", article.name)}>{article.title}</a>
            </th>
            <td data-label={t("kn_audience")}>{wordsFor(t, "kn_audience", article.audience)}</td>
            <td data-label={t("kn_changed")}>
              {article.updated !== "" && (
                <time dateTime={article.updated}>{times.date(article.updated)}</time>
              )}
            </td>
            <td data-label={t("kn_team_questions")} className="number">
              {article.questions}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
