/** The knowledge pages' wire. */
import { Reader } from "../../shared/wire-reader";
import { type Customer, type Page, parseCustomer } from "./wire";

export const GROUP_STATUSES = ["open", "written", "dismissed"] as const;
export type GroupStatus = (typeof GROUP_STATUSES)[number];

export interface Nearest {
  title: string;
  url: string;
  text: string;
  score: number;
}

/** Questions that ask for the same and had no answer. */
export interface QuestionGroup {
  id: string;
  question: string;
  status: GroupStatus;
  asked: number;
  last_asked_at: string;
  nearest: readonly Nearest[];
  document_id: string | null;
  done_at: string | null;
  done_by: string | null;
}

export interface Question {
  conversation_id: string;
  seq: number;
  question: string;
  locale: string;
  asked_at: string;
}

export interface OpenedGroup {
  group: QuestionGroup;
  questions: readonly Question[];
}

export interface PassageText {
  title: string;
  url: string;
  updated: string;
  text: string;
}

/** An answer that was given from a text which says something else today. */
export interface Correction {
  conversation_id: string;
  seq: number;
  passage_id: string;
  customer: Customer;
  question: string | null;
  answer: string;
  answered_at: string;
  old: PassageText | null;
  new: PassageText | null;
  done_at: string | null;
  done_by: string | null;
}

export interface Source {
  name: string;
  kind: string;
  state: string;
  last_good_at: string | null;
  documents: number;
  passages: number;
  failures: readonly string[];
  helpful: number;
  unhelpful: number;
}

export interface IndexState {
  index_id: string | null;
  built_at: string | null;
  documents: number;
  passages: number;
  is_busy: boolean;
  failure: string | null;
}

export interface Conflict {
  newer: PassageText;
  older: PassageText;
  /** Whether the dates say which one is newer; without that the order says nothing. */
  is_dated: boolean;
}

export interface VotedPassage {
  passage_id: string;
  helpful: number;
  unhelpful: number;
}

export interface SourcesPage {
  index: IndexState;
  items: readonly Source[];
  conflicts: readonly Conflict[];
  unhelpful: readonly VotedPassage[];
}

export interface KnowledgeCounts {
  open: number;
  outdated: number;
}

export interface ArticleText {
  title: string;
  section: string;
  audience: string;
  language: string;
  questions: readonly string[];
  body: string;
}

export interface ArticleDraft extends ArticleText {
  group_id: string | null;
}

/** An article that the team wrote, in a list; `questions` says how many ways to ask for it there are. */
export interface ArticleRow {
  name: string;
  title: string;
  audience: string;
  updated: string;
  questions: number;
}

/** An article that the team wrote; `version` names this text, and is sent back when it is changed. */
export interface TeamArticle extends ArticleText {
  name: string;
  version: string;
  updated: string;
  url: string;
}

function parseNearest(value: unknown, path: string): Nearest {
  const read = new Reader(value, path);
  return {
    title: read.textOr("title", ""),
    url: read.textOr("url", ""),
    text: read.textOr("text", ""),
    score: read.numberOr("score", 0),
  };
}

export function parseGroup(value: unknown, path = "group"): QuestionGroup {
  const read = new Reader(value, path);
  return {
    id: read.text("id"),
    question: read.text("question"),
    status: read.oneOf("status", GROUP_STATUSES),
    asked: read.number("asked"),
    last_asked_at: read.text("last_asked_at"),
    nearest: read.list("nearest", parseNearest),
    document_id: read.textOr("document_id", null),
    done_at: read.textOr("done_at", null),
    done_by: read.textOr("done_by", null),
  };
}

function parseQuestion(value: unknown, path: string): Question {
  const read = new Reader(value, path);
  return {
    conversation_id: read.text("conversation_id"),
    seq: read.seq("seq"),
    question: read.text("question"),
    locale: read.textOr("locale", "en"),
    asked_at: read.text("asked_at"),
  };
}

export function parseOpenedGroup(value: unknown): OpenedGroup {
  const read = new Reader(value, "group");
  return { group: parseGroup(value), questions: read.list("questions", parseQuestion) };
}

function parsePassage(value: unknown, path: string): PassageText {
  const read = new Reader(value, path);
  return {
    title: read.textOr("title", ""),
    url: read.textOr("url", ""),
    updated: read.textOr("updated", ""),
    text: read.textOr("text", ""),
  };
}

function parseCorrection(value: unknown, path: string): Correction {
  const read = new Reader(value, path);
  return {
    conversation_id: read.text("conversation_id"),
    seq: read.seq("seq"),
    passage_id: read.text("passage_id"),
    customer: read.nested("customer", parseCustomer),
    question: read.textOr("question", null),
    answer: read.text("answer"),
    answered_at: read.text("answered_at"),
    old: read.nestedOr("old", parsePassage, null),
    new: read.nestedOr("new", parsePassage, null),
    done_at: read.textOr("done_at", null),
    done_by: read.textOr("done_by", null),
  };
}

function parseSource(value: unknown, path: string): Source {
  const read = new Reader(value, path);
  return {
    name: read.text("name"),
    kind: read.textOr("kind", ""),
    state: read.textOr("state", "ok"),
    last_good_at: read.textOr("last_good_at", null),
    documents: read.numberOr("documents", 0),
    passages: read.numberOr("passages", 0),
    failures: read.list("failures", (item) => String(item)),
    helpful: read.numberOr("helpful", 0),
    unhelpful: read.numberOr("unhelpful", 0),
  };
}

function parseIndex(value: unknown, path: string): IndexState {
  const read = new Reader(value, path);
  return {
    index_id: read.textOr("index_id", null),
    built_at: read.textOr("built_at", null),
    documents: read.numberOr("documents", 0),
    passages: read.numberOr("passages", 0),
    is_busy: read.flagOr("is_busy", false),
    failure: read.textOr("failure", null),
  };
}

export function parseSourcesPage(value: unknown): SourcesPage {
  const read = new Reader(value, "sources");
  return {
    index: read.nested("index", parseIndex),
    items: read.list("items", parseSource),
    conflicts: read.list("conflicts", (item, path) => {
      const inner = new Reader(item, path);
      return {
        newer: inner.nested("newer", parsePassage),
        older: inner.nested("older", parsePassage),
        is_dated: inner.flagOr("is_dated", true),
      };
    }),
    unhelpful: read.list("unhelpful", (item, path) => {
      const inner = new Reader(item, path);
      return {
        passage_id: inner.text("passage_id"),
        helpful: inner.numberOr("helpful", 0),
        unhelpful: inner.numberOr("unhelpful", 0),
      };
    }),
  };
}

function parseArticleRow(value: unknown, path: string): ArticleRow {
  const read = new Reader(value, path);
  return {
    name: read.text("name"),
    title: read.text("title"),
    audience: read.textOr("audience", "public"),
    updated: read.textOr("updated", ""),
    questions: read.numberOr("questions", 0),
  };
}

export function parseTeamArticle(value: unknown): TeamArticle {
  const read = new Reader(value, "article");
  return {
    name: read.text("name"),
    version: read.text("version"),
    updated: read.textOr("updated", ""),
    url: read.textOr("url", ""),
    title: read.text("title"),
    section: read.textOr("section", ""),
    audience: read.textOr("audience", "public"),
    language: read.textOr("language", "en"),
    questions: read.list("questions", (item) => String(item)),
    body: read.text("body"),
  };
}

export function parseCounts(value: unknown): KnowledgeCounts {
  const read = new Reader(value, "counts");
  return { open: read.numberOr("open", 0), outdated: read.numberOr("outdated", 0) };
}

function parsePage<T>(value: unknown, parse: (item: unknown, path: string) => T): Page<T> {
  const read = new Reader(value, "page");
  return { items: read.list("items", parse), next_cursor: read.textOr("next_cursor", null) };
}

export const parseGroups = (value: unknown): Page<QuestionGroup> => parsePage(value, parseGroup);
export const parseCorrections = (value: unknown): Page<Correction> => parsePage(value, parseCorrection);
export const parseArticles = (value: unknown): Page<ArticleRow> => parsePage(value, parseArticleRow);
