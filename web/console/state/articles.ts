/** An article while it is written; `questions` are one a line. */
export interface ArticleDraft {
  title: string;
  section: string;
  audience: string;
  language: string;
  questions: string;
  body: string;
}

/** An article that is changed: the text, the version that it was made from, and what of an own text came too late. */
export interface ChangedArticle {
  draft: ArticleDraft;
  version: string;
  late: string;
}

/** Articles that were begun and not saved yet: kept while other pages are looked at, not for whoever signs in next. */
export class ArticleDrafts {
  /** By the question that had no answer. */
  readonly written = new Map<string, ArticleDraft>();
  /** By the article's name. */
  readonly changed = new Map<string, ChangedArticle>();
}
