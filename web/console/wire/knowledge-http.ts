/** What the knowledge pages ask the desk. */

import {
  type ArticleDraft,
  type ArticleRow,
  type ArticleText,
  type Correction,
  type GroupStatus,
  type KnowledgeCounts,
  type OpenedGroup,
  parseArticles,
  parseCorrections,
  parseCounts,
  parseGroup,
  parseGroups,
  parseOpenedGroup,
  parseSourcesPage,
  parseTeamArticle,
  type QuestionGroup,
  type SourcesPage,
  type TeamArticle,
} from "./knowledge";
import type { Page } from "./wire";

export type Request = (method: string, path: string, body?: unknown) => Promise<unknown>;

export const KNOWLEDGE = "/knowledge";
const PAGE_SIZE = 50;

export class KnowledgeHttp {
  constructor(private readonly request: Request) {}

  counts = async (): Promise<KnowledgeCounts> =>
    parseCounts(await this.request("GET", `${KNOWLEDGE}/overview`));

  groups = async (
    status: GroupStatus,
    query: string,
    cursor: string | null,
  ): Promise<Page<QuestionGroup>> => {
    const params = page({ status, ...(query === "" ? {} : { q: query }) }, cursor);
    return parseGroups(await this.request("GET", `${KNOWLEDGE}/unanswered?${params}`));
  };

  group = async (id: string): Promise<OpenedGroup> =>
    parseOpenedGroup(await this.request("GET", `${KNOWLEDGE}/unanswered/${encodeURIComponent(id)}`));

  settle = async (id: string, status: "open" | "dismissed"): Promise<QuestionGroup> => {
    const path = `${KNOWLEDGE}/unanswered/${encodeURIComponent(id)}/status`;
    return parseGroup(await this.request("POST", path, { status }));
  };

  writeArticle = async (draft: ArticleDraft): Promise<void> =>
    void (await this.request("POST", `${KNOWLEDGE}/articles`, draft));

  articles = async (cursor: string | null): Promise<Page<ArticleRow>> =>
    parseArticles(await this.request("GET", `${KNOWLEDGE}/articles?${page({}, cursor)}`));

  article = async (name: string): Promise<TeamArticle> =>
    parseTeamArticle(await this.request("GET", at(name)));

  /** Refused with `article_changed` when `version` is not today's: nothing is overwritten unread. */
  changeArticle = async (name: string, text: ArticleText, version: string): Promise<TeamArticle> =>
    parseTeamArticle(await this.request("PUT", at(name), { ...text, version }));

  deleteArticle = async (name: string, version: string): Promise<void> =>
    void (await this.request("DELETE", `${at(name)}?${new URLSearchParams({ version })}`));

  corrections = async (is_done: boolean, cursor: string | null): Promise<Page<Correction>> =>
    parseCorrections(
      await this.request("GET", `${KNOWLEDGE}/outdated?${page({ is_done: String(is_done) }, cursor)}`),
    );

  tick = async ({ conversation_id, seq, passage_id }: Correction, is_done: boolean): Promise<void> => {
    const items = [{ conversation_id, seq, passage_id }];
    await this.request("POST", `${KNOWLEDGE}/outdated/done`, { items, is_done });
  };

  sources = async (): Promise<SourcesPage> =>
    parseSourcesPage(await this.request("GET", `${KNOWLEDGE}/sources`));

  refresh = async (): Promise<void> => void (await this.request("POST", `${KNOWLEDGE}/refresh`, {}));
}

function at(name: string): string {
  return `${KNOWLEDGE}/articles/${encodeURIComponent(name)}`;
}

function page(fields: Record<string, string>, cursor: string | null): URLSearchParams {
  const params = new URLSearchParams({ ...fields, limit: String(PAGE_SIZE) });
  if (cursor !== null) params.set("cursor", cursor);
  return params;
}
