/** Writing the article that was missing. What was typed is kept until it is saved, whatever else is looked at. */
import { useState } from "react";
import type { ArticleDraft } from "../../state/articles";
import type { OpenedGroup } from "../../wire/knowledge";
import { useFrame } from "../frame";
import { ArticleForm, explainRefusal, textOf } from "./article-form";
import { PassageTitle } from "./parts";

const MAX_QUESTIONS = 20;

/** Begin with what is known: the question, how it was asked, and the passage that came nearest. */
function begin({ group, questions }: OpenedGroup): ArticleDraft {
  const asked = [group.question, ...questions.map((one) => one.question)];
  const plain = asked.filter((one) => !/<(name|email|number|address|link)>/.test(one));
  return {
    title: group.question,
    section: "",
    audience: "public",
    language: questions[0]?.locale.startsWith("zh") ? "zh" : "en",
    questions: [...new Set(plain)].slice(0, MAX_QUESTIONS).join("\n"),
    body: group.nearest[0]?.text ?? "",
  };
}

export function Editor({ opened, onSaved }: { opened: OpenedGroup; onSaved: () => void }) {
  const { console, t, say } = useFrame();
  const { group } = opened;
  const drafts = console.articles.written;
  const [draft, setDraft] = useState<ArticleDraft>(() => drafts.get(group.id) ?? begin(opened));
  const [problem, setProblem] = useState("");
  const [is_busy, setBusy] = useState(false);
  const change = (part: Partial<ArticleDraft>) => {
    const next = { ...draft, ...part };
    drafts.set(group.id, next);
    setDraft(next);
  };
  const save = async () => {
    setBusy(true);
    setProblem("");
    try {
      await console.knowledge.writeArticle({ ...textOf(draft), group_id: group.id });
      drafts.delete(group.id);
      say(t("kn_saved"));
      onSaved();
    } catch (error) {
      setProblem(`${t("kn_not_saved")} ${explainRefusal(t, error)}`);
    } finally {
      setBusy(false);
    }
  };
  return (
    <ArticleForm
      draft={draft}
      onChange={change}
      onSave={() => void save()}
      is_busy={is_busy}
      head={
        <header>
          <h2>{t("kn_article")}</h2>
          <p className="soft">{t("kn_article_intro")}</p>
        </header>
      }
      text_hint={t("kn_text_hint")}
      problem={problem}
    >
      {group.nearest.length > 0 && (
        <section>
          <h3>{t("kn_nearest")}</h3>
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
      )}
    </ArticleForm>
  );
}
