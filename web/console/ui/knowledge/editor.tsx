/** Writing the article that was missing. What was typed is kept until it is saved, whatever else is looked at. */
import { type SubmitEvent, useId, useState } from "react";
import { LOCALES } from "../../../shared/i18n/locale";
import { DeskError } from "../../wire/http";
import type { OpenedGroup } from "../../wire/knowledge";
import { explain } from "../act";
import { useFrame } from "../frame";
import { Button } from "../parts";
import { PassageTitle } from "./parts";

const AUDIENCES = ["public", "signed_in", "agents"] as const;
const LANGUAGE_NAMES = { en: "English", zh: "中文" } as const;
const MAX_QUESTIONS = 20;

interface Draft {
  title: string;
  section: string;
  audience: string;
  language: string;
  questions: string;
  body: string;
}

const drafts = new Map<string, Draft>();

/** Begin with what is known: the question, how it was asked, and the passage that came nearest. */
function begin({ group, questions }: OpenedGroup): Draft {
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
  const [draft, setDraft] = useState<Draft>(() => drafts.get(group.id) ?? begin(opened));
  const [problem, setProblem] = useState("");
  const [is_busy, setBusy] = useState(false);
  const hints = { questions: useId(), body: useId() };
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    drafts.set(group.id, next);
    setDraft(next);
  };
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (is_busy) return;
    setBusy(true);
    setProblem("");
    const questions = draft.questions.split("\n").flatMap((line) => line.trim() || []);
    try {
      await console.knowledge.writeArticle({ ...draft, questions, group_id: group.id });
      drafts.delete(group.id);
      say(t("kn_saved"));
      onSaved();
    } catch (error) {
      const is_refused = error instanceof DeskError && error.status === 400 && error.message !== "";
      setProblem(`${t("kn_not_saved")} ${is_refused ? error.message : explain(t, error)}`);
    } finally {
      setBusy(false);
    }
  };
  const is_empty = draft.title.trim() === "" || draft.body.trim() === "";
  return (
    <form className="editor form" onSubmit={(event) => void save(event)}>
      <header>
        <h2>{t("kn_article")}</h2>
        <p className="soft">{t("kn_article_intro")}</p>
      </header>
      <label className="field">
        <span>{t("kn_title")}</span>
        <input
          value={draft.title}
          maxLength={200}
          required
          onChange={(event) => change({ title: event.target.value })}
        />
      </label>
      <div className="editor-facts">
        <label className="field">
          <span>{t("kn_section")}</span>
          <input
            value={draft.section}
            maxLength={300}
            onChange={(event) => change({ section: event.target.value })}
          />
        </label>
        <label className="field">
          <span>{t("kn_audience")}</span>
          <select value={draft.audience} onChange={(event) => change({ audience: event.target.value })}>
            {AUDIENCES.map((audience) => (
              <option key={audience} value={audience}>
                {t(`kn_audience_${audience}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t("kn_language")}</span>
          <select value={draft.language} onChange={(event) => change({ language: event.target.value })}>
            {LOCALES.map((locale) => (
              <option key={locale} value={locale} lang={locale}>
                {LANGUAGE_NAMES[locale]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="field">
        <span>{t("kn_text")}</span>
        <textarea
          rows={12}
          value={draft.body}
          required
          aria-describedby={hints.body}
          onChange={(event) => change({ body: event.target.value })}
        />
        <small id={hints.body}>{t("kn_text_hint")}</small>
      </label>
      <label className="field">
        <span>{t("kn_questions")}</span>
        <textarea
          rows={4}
          value={draft.questions}
          aria-describedby={hints.questions}
          onChange={(event) => change({ questions: event.target.value })}
        />
        <small id={hints.questions}>{t("kn_questions_hint")}</small>
      </label>
      <div className="problem" role="alert">
        {problem}
      </div>
      <div className="form-foot">
        <Button
          type="submit"
          kind="primary"
          label={t(is_busy ? "kn_saving" : "kn_save")}
          disabled={is_busy || is_empty}
        />
      </div>
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
    </form>
  );
}
