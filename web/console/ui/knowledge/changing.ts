/**
 * An article of the team while it is changed. What was typed is kept until it is saved, whatever else is looked at;
 * what somebody else wrote in the meantime is never overwritten, and the own text stays to copy from.
 */
import { useState } from "react";
import { knowledgeHash } from "../../lib/route";
import type { ArticleDraft, ChangedArticle } from "../../state/articles";
import { DeskError } from "../../wire/http";
import type { TeamArticle } from "../../wire/knowledge";
import { useFrame } from "../frame";
import { draftOf, explainRefusal, textOf } from "./article-form";

export const LIST = knowledgeHash("sources");
const TEXTS = ["title", "section", "body", "questions"] as const;

/** Somebody else was faster: the article is another one by now, or is no more. */
export type Trouble = "changed" | "gone" | null;

export interface Changing {
  draft: ArticleDraft;
  /** The article as it was read last; null when it is gone. */
  saved: TeamArticle | null;
  is_changed: boolean;
  trouble: Trouble;
  late: string;
  problem: string;
  is_busy: boolean;
  change: (part: Partial<ArticleDraft>) => void;
  discard: () => void;
  putAway: () => void;
  save: () => void;
  saveAsNew: () => void;
  remove: () => void;
  loadNewer: () => void;
}

export function useChanging(name: string, read: TeamArticle | "gone"): Changing {
  const { console, t, say } = useFrame();
  const kept_texts = console.articles.changed;
  const [saved, setSaved] = useState(read === "gone" ? null : read);
  const [kept, setKept] = useState(() => kept_texts.get(name) ?? begin(saved));
  const [trouble, setTrouble] = useState<Trouble>(() => troubleOf(saved, kept));
  const { is_busy, problem, attempt } = useAttempt(setTrouble);
  const { draft, version, late } = kept;
  const is_typed = saved?.version !== version || !isSame(draft, draftOf(saved));
  const keep = (next: ChangedArticle, base = saved) => {
    const is_plain = next.late === "" && base?.version === next.version && isSame(next.draft, draftOf(base));
    if (is_plain) kept_texts.delete(name);
    else kept_texts.set(name, next);
    setKept(next);
  };
  const adopt = (article: TeamArticle, own: string) => {
    keep({ draft: draftOf(article), version: article.version, late: own }, article);
    setSaved(article);
    setTrouble(null);
  };
  const leave = (words: string) => {
    kept_texts.delete(name);
    say(words);
    location.hash = LIST;
  };
  const desk = console.knowledge;
  return {
    draft,
    saved,
    is_changed: trouble === null && is_typed,
    trouble,
    late,
    problem,
    is_busy,
    change: (part) => keep({ ...kept, draft: { ...draft, ...part } }),
    discard: () => saved !== null && adopt(saved, late),
    putAway: () => keep({ ...kept, late: "" }),
    save: () =>
      attempt("kn_not_saved", async () => {
        await desk.changeArticle(name, textOf(draft), version);
        leave(t("kn_saved"));
      }),
    saveAsNew: () =>
      attempt("kn_not_saved", async () => {
        await desk.writeArticle({ ...textOf(draft), group_id: null });
        leave(t("kn_saved"));
      }),
    remove: () =>
      attempt("kn_not_deleted", async () => {
        await desk.deleteArticle(name, version);
        leave(t("kn_deleted"));
      }),
    loadNewer: () =>
      attempt("kn_failed", async () => {
        const newer = await desk.article(name);
        const own = is_typed ? differing(draft, draftOf(newer)) : "";
        adopt(newer, [late, own].filter(Boolean).join("\n\n"));
      }),
  };
}

function begin(saved: TeamArticle | null): ChangedArticle {
  if (saved === null) throw new Error("an article that is gone is shown only where its text was kept");
  return { draft: draftOf(saved), version: saved.version, late: "" };
}

function troubleOf(saved: TeamArticle | null, kept: ChangedArticle): Trouble {
  if (saved === null) return "gone";
  return saved.version === kept.version ? null : "changed";
}

/** Ask the desk for something, one thing at a time; that somebody else was faster is told apart from failures. */
function useAttempt(onTrouble: (trouble: Trouble) => void) {
  const { t } = useFrame();
  const [problem, setProblem] = useState("");
  const [is_busy, setBusy] = useState(false);
  const explain = (failure: "kn_not_saved" | "kn_not_deleted" | "kn_failed", error: unknown) => {
    const status = error instanceof DeskError ? error.status : 0;
    if (status === 409) onTrouble("changed");
    else if (status === 404) onTrouble("gone");
    else setProblem(`${t(failure)} ${explainRefusal(t, error)}`);
  };
  const attempt = (failure: "kn_not_saved" | "kn_not_deleted" | "kn_failed", action: () => Promise<void>) => {
    if (is_busy) return;
    setBusy(true);
    setProblem("");
    void action()
      .catch((error: unknown) => explain(failure, error))
      .finally(() => setBusy(false));
  };
  return { is_busy, problem, attempt };
}

/** What one text says that another does not: the fields that differ, below each other. */
function differing(own: ArticleDraft, other: ArticleDraft): string {
  return TEXTS.flatMap((field) => (own[field] === other[field] ? [] : own[field])).join("\n\n");
}

function isSame(one: ArticleDraft, other: ArticleDraft): boolean {
  const is_same_text = TEXTS.every((field) => one[field] === other[field]);
  return is_same_text && one.audience === other.audience && one.language === other.language;
}
