/** The knowledge pages: what had no answer, what is to be corrected, where the articles come from. */
import { useCallback, useEffect, useRef } from "react";
import { KNOWLEDGE_TABS, type KnowledgePlace, type KnowledgeTab, knowledgeHash } from "../../lib/route";
import type { KnowledgeCounts } from "../../wire/knowledge";
import { useFrame } from "../frame";
import { Icon } from "../icons";
import { Corrections } from "./corrections";
import { useLoad } from "./load";
import { Sources } from "./sources";
import { TeamArticlePage } from "./team-article";
import { Unanswered } from "./unanswered";

const MAX_COUNT = 999;

export function KnowledgePage({ place }: { place: KnowledgePlace }) {
  const { console, t } = useFrame();
  const load = useCallback(() => console.knowledge.counts(), [console]);
  const counts = useLoad(load);
  const main = useRef<HTMLElement>(null);
  const article = place.tab === "sources" ? place.id : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is another page, which begins at its top
  useEffect(() => {
    main.current?.focus();
    main.current?.scrollTo({ top: 0 });
  }, [place.tab, article]);
  return (
    <div className="knowledge">
      <header className="knowledge-head">
        <a className="button quiet" href="#/waiting">
          <Icon name="back" />
          <span>{t("knowledge_back")}</span>
        </a>
        <h1>{t("knowledge")}</h1>
        <Tabs tab={place.tab} counts={counts.data} />
      </header>
      <main
        className="knowledge-main"
        id="conversation"
        tabIndex={-1}
        ref={main}
        aria-label={t(`kn_${place.tab}`)}
      >
        {place.tab === "unanswered" && <Unanswered place={place} onChange={counts.reload} />}
        {place.tab === "outdated" && <Corrections onChange={counts.reload} />}
        {place.tab === "sources" &&
          (article === null ? <Sources /> : <TeamArticlePage key={article} name={article} />)}
      </main>
    </div>
  );
}

function Tabs({ tab, counts }: { tab: KnowledgeTab; counts: KnowledgeCounts | null }) {
  const { t } = useFrame();
  const count = (one: KnowledgeTab) =>
    one === "unanswered" ? (counts?.open ?? 0) : one === "outdated" ? (counts?.outdated ?? 0) : 0;
  return (
    <nav aria-label={t("knowledge_tabs")}>
      <ul className="views">
        {KNOWLEDGE_TABS.map((one) => (
          <li key={one}>
            <a className="view" href={knowledgeHash(one)} aria-current={one === tab ? "page" : undefined}>
              {t(`kn_${one}`)}
              {count(one) > 0 && (
                <span className="count">{count(one) > MAX_COUNT ? `${MAX_COUNT}+` : count(one)}</span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
