/** The fields of an article, the same for a new one and for one that is changed. */
import { type ReactNode, type SubmitEvent, useId } from "react";
import { LOCALES } from "../../../shared/i18n/locale";
import type { T } from "../../lib/words";
import type { ArticleDraft } from "../../state/articles";
import { DeskError } from "../../wire/http";
import type { ArticleText } from "../../wire/knowledge";
import { explain } from "../act";
import { useFrame } from "../frame";
import { Button } from "../parts";

const AUDIENCES = ["public", "signed_in", "agents"] as const;
/** As many characters as the desk takes. */
const MAX_BODY_CHARS = 40_000;
const LANGUAGE_NAMES: Readonly<Record<string, string>> = { en: "English", zh: "中文" };

export function draftOf({ title, section, audience, language, questions, body }: ArticleText): ArticleDraft {
  return { title, section, audience, language, questions: questions.join("\n"), body };
}

export function textOf(draft: ArticleDraft): ArticleText {
  return { ...draft, questions: draft.questions.split("\n").flatMap((line) => line.trim() || []) };
}

/** Why an article was not saved: the desk's own words where it refuses the text, which name what is wrong. */
export function explainRefusal(t: T, error: unknown): string {
  const is_refused = error instanceof DeskError && error.status === 400 && error.message !== "";
  return is_refused ? error.message : explain(t, error);
}

export interface ArticleFormProps {
  draft: ArticleDraft;
  onChange: (part: Partial<ArticleDraft>) => void;
  onSave: () => void;
  is_busy: boolean;
  /** Saving makes no sense now, for a reason that is shown elsewhere. */
  is_held?: boolean;
  head: ReactNode;
  text_hint: string;
  /** What there is to know before one saves. */
  notes?: ReactNode;
  problem: string;
  /** Beside the button that saves. */
  actions?: ReactNode;
  children?: ReactNode;
}

export function ArticleForm(props: ArticleFormProps) {
  const { draft, onChange, onSave, is_busy, is_held = false, text_hint } = props;
  const { t } = useFrame();
  const hints = { questions: useId(), body: useId() };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    if (!is_busy && !is_held) onSave();
  };
  const excess = Array.from(draft.body).length - MAX_BODY_CHARS;
  const is_empty = draft.title.trim() === "" || draft.body.trim() === "";
  return (
    <form className="editor form" onSubmit={save}>
      {props.head}
      <label className="field">
        <span>{t("kn_title")}</span>
        <input
          value={draft.title}
          maxLength={200}
          required
          onChange={(event) => onChange({ title: event.target.value })}
        />
      </label>
      <Facts draft={draft} onChange={onChange} />
      <label className="field">
        <span>{t("kn_text")}</span>
        <textarea
          rows={12}
          value={draft.body}
          required
          aria-describedby={hints.body}
          onChange={(event) => onChange({ body: event.target.value })}
        />
        <small id={hints.body} className={excess > 0 ? "problem" : undefined}>
          {excess > 0 ? t("too_long", { count: excess }) : text_hint}
        </small>
      </label>
      <label className="field">
        <span>{t("kn_questions")}</span>
        <textarea
          rows={4}
          value={draft.questions}
          aria-describedby={hints.questions}
          onChange={(event) => onChange({ questions: event.target.value })}
        />
        <small id={hints.questions}>{t("kn_questions_hint")}</small>
      </label>
      {props.notes}
      <div className="problem" role="alert">
        {props.problem}
      </div>
      <div className="form-foot">
        {props.actions}
        <Button
          type="submit"
          kind="primary"
          label={t(is_busy ? "kn_saving" : "kn_save")}
          disabled={is_busy || is_held || is_empty || excess > 0}
        />
      </div>
      {props.children}
    </form>
  );
}

function Facts({ draft, onChange }: Pick<ArticleFormProps, "draft" | "onChange">) {
  const { t } = useFrame();
  // An article may be in a language that the console itself does not speak.
  const languages = [...new Set<string>([...LOCALES, draft.language])];
  return (
    <div className="editor-facts">
      <label className="field">
        <span>{t("kn_section")}</span>
        <input
          value={draft.section}
          maxLength={300}
          onChange={(event) => onChange({ section: event.target.value })}
        />
      </label>
      <label className="field">
        <span>{t("kn_audience")}</span>
        <select value={draft.audience} onChange={(event) => onChange({ audience: event.target.value })}>
          {AUDIENCES.map((audience) => (
            <option key={audience} value={audience}>
              {t(`kn_audience_${audience}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>{t("kn_language")}</span>
        <select value={draft.language} onChange={(event) => onChange({ language: event.target.value })}>
          {languages.map((language) => (
            <option key={language} value={language} lang={language}>
              {LANGUAGE_NAMES[language] ?? language}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
