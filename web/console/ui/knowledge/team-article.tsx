/** One article that the team wrote: changed, or taken back. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { DeskError } from "../../wire/http";
import type { TeamArticle } from "../../wire/knowledge";
import { Sheet } from "../dialogs";
import { useFrame } from "../frame";
import { Icon } from "../icons";
import { Button, Empty, Failed } from "../parts";
import { ArticleForm } from "./article-form";
import { type Changing, LIST, useChanging } from "./changing";
import { useLoad } from "./load";
import { PassageTitle, Waiting } from "./parts";

export function TeamArticlePage({ name }: { name: string }) {
  const { console, t } = useFrame();
  const load = useCallback(
    () => console.knowledge.article(name).catch((error: unknown) => goneOr(error)),
    [console, name],
  );
  const { data, status, reload } = useLoad<TeamArticle | "gone">(load);
  const is_nothing = data === "gone" && !console.articles.changed.has(name);
  return (
    <div className="question-scroll team-article">
      <a className="button quiet to-questions is-writing" href={LIST}>
        <Icon name="back" />
        <span>{t("kn_back_to_sources")}</span>
      </a>
      {status === "failed" && <Failed text={t("kn_failed")} onRetry={reload} />}
      {status === "loading" && data === null && <Waiting rows={3} />}
      {is_nothing && <Empty icon="book" title={t("kn_article_gone")} hint={t("kn_article_gone_hint")} />}
      {data !== null && !is_nothing && <Editing name={name} read={data} />}
    </div>
  );
}

function goneOr(error: unknown): "gone" {
  if (error instanceof DeskError && error.status === 404) return "gone";
  throw error;
}

function Editing({ name, read }: { name: string; read: TeamArticle | "gone" }) {
  const { t } = useFrame();
  const text = useChanging(name, read);
  const [is_asking, setAsking] = useState(false);
  const { draft, is_busy, trouble } = text;
  const remove = () => {
    setAsking(false);
    text.remove();
  };
  return (
    <>
      <ArticleForm
        draft={draft}
        onChange={text.change}
        onSave={text.save}
        is_busy={is_busy}
        is_held={trouble !== null}
        head={<Head saved={text.saved} />}
        text_hint={t("kn_edit_text_hint")}
        notes={<Notes text={text} />}
        problem={text.problem}
        actions={
          <>
            <Button
              kind="alarm"
              className="delete"
              label={t("kn_delete")}
              disabled={is_busy || trouble !== null}
              onClick={() => setAsking(true)}
            />
            {text.is_changed && (
              <Button kind="quiet" label={t("kn_discard")} disabled={is_busy} onClick={text.discard} />
            )}
          </>
        }
      />
      {is_asking && <DeleteDialog title={draft.title} onClose={() => setAsking(false)} onDelete={remove} />}
    </>
  );
}

function Head({ saved }: { saved: TeamArticle | null }) {
  const { t, times } = useFrame();
  return (
    <header>
      <h2>{t("kn_article")}</h2>
      {saved !== null && (
        <p className="article-facts soft">
          {saved.updated !== "" && <span>{t("kn_updated", { date: times.date(saved.updated) })}</span>}
          {saved.audience === "public" && <PassageTitle title={saved.url} url={saved.url} />}
        </p>
      )}
      <p className="soft">{t("kn_edit_intro")}</p>
    </header>
  );
}

/** What there is to know before one saves, beside the button that does. */
function Notes({ text }: { text: Changing }) {
  const { t } = useFrame();
  const { trouble, late, is_busy } = text;
  return (
    <>
      {trouble === "changed" && (
        <TroubleNote title={t("kn_someone_changed")} hint={t("kn_someone_changed_hint")}>
          <Button icon="refresh" label={t("kn_load_newer")} disabled={is_busy} onClick={text.loadNewer} />
        </TroubleNote>
      )}
      {trouble === "gone" && (
        <TroubleNote title={t("kn_someone_deleted")} hint={t("kn_someone_deleted_hint")}>
          <Button icon="pencil" label={t("kn_save_as_new")} disabled={is_busy} onClick={text.saveAsNew} />
        </TroubleNote>
      )}
      {late !== "" && <LateText text={late} onPutAway={text.putAway} />}
      {text.is_changed && <p className="soft">{t("kn_unsaved")}</p>}
    </>
  );
}

/** That somebody else was faster; it comes into sight and takes the focus from the button that led here. */
function TroubleNote({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => note.current?.focus(), []);
  return (
    <div className="card trouble" role="alert" tabIndex={-1} ref={note}>
      <Icon name="warning" />
      <div>
        <strong>{title}</strong>
        <p>{hint}</p>
        {children}
      </div>
    </div>
  );
}

/** A text that came too late, to copy from; it takes the focus from the button that was here. */
function LateText({ text, onPutAway }: { text: string; onPutAway: () => void }) {
  const { t, say } = useFrame();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) field.current?.focus();
  }, []);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    say(t("copied"));
  };
  return (
    <div className="card late-text">
      <label className="field">
        <span>{t("kn_own_text")}</span>
        <textarea rows={6} value={text} readOnly ref={field} />
        <small>{t("kn_own_text_hint")}</small>
      </label>
      <div className="question-actions">
        <Button icon="copy" label={t("kn_copy")} onClick={() => void copy()} />
        <Button kind="quiet" label={t("kn_put_away")} onClick={onPutAway} />
      </div>
    </div>
  );
}

interface DeleteProps {
  title: string;
  onClose: () => void;
  onDelete: () => void;
}

function DeleteDialog({ title, onClose, onDelete }: DeleteProps) {
  const { t } = useFrame();
  return (
    <Sheet title={t("kn_delete_title", { title })} onClose={onClose}>
      <p className="sheet-intro">{t("kn_delete_hint")}</p>
      <div className="form-foot">
        <Button kind="quiet" label={t("cancel")} onClick={onClose} data-autofocus />
        <Button kind="alarm" label={t("kn_delete")} onClick={onDelete} />
      </div>
    </Sheet>
  );
}
