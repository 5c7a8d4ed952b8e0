import { expect, test } from "vitest";
import { diffWords } from "../lib/diff";
import { knowledgeHash, parseKnowledge, parseRoute } from "../lib/route";
import {
  parseArticles,
  parseCorrections,
  parseGroups,
  parseOpenedGroup,
  parseSourcesPage,
  parseTeamArticle,
} from "../wire/knowledge";
import { golden } from "./stand";

test("the desk's answers are read", () => {
  expect(parseGroups(golden("http_knowledge_unanswered")).items[0]?.asked).toBe(12);
  expect(parseOpenedGroup(golden("http_knowledge_group")).questions).toHaveLength(1);
  const [changed, gone] = parseCorrections(golden("http_knowledge_outdated")).items;
  expect([changed?.new?.text.includes("14 days"), gone?.new]).toEqual([true, null]);
  const page = parseSourcesPage(golden("http_knowledge_sources"));
  expect([page.items[0]?.unhelpful, page.conflicts[0]?.is_dated, page.index.passages]).toEqual([
    3,
    true,
    476,
  ]);
});

test("the team's articles are read, and what is sent back has the shape that the desk wants", () => {
  expect(parseArticles(golden("http_knowledge_articles")).items.map(({ name }) => name)).toEqual([
    "goodwill",
    "our-showroom",
  ]);
  const { name, updated, version, ...text } = parseTeamArticle(golden("http_knowledge_team_article"));
  expect([name, updated]).toEqual(["our-showroom", "2026-11-20"]);
  expect(Object.keys({ ...text, version }).sort()).toEqual(
    Object.keys(golden("http_knowledge_article_change_request")).sort(),
  );
});

test("an address names a place and a place its address", () => {
  for (const hash of [
    "#/knowledge/unanswered",
    "#/knowledge/unanswered/a%2Fb/write",
    "#/knowledge/sources",
    "#/knowledge/sources/our-showroom",
  ]) {
    const place = parseKnowledge(hash);
    expect(place === null ? null : knowledgeHash(place.tab, place.id, place.is_writing)).toBe(hash);
  }
  expect(parseKnowledge("#/waiting/x")).toBeNull();
  expect(parseRoute("#/knowledge/unanswered/x")).toEqual({ view: "waiting", conversation_id: null });
});

test("what changed between two texts is told by word, and nothing is lost", () => {
  const [before, after] = ["within 30 days,\nfor free", "within 14 days,\nfor a fee"];
  const runs = diffWords(before, after);
  const side = (kind: string) =>
    runs.flatMap((run) => (run.kind === "same" || run.kind === kind ? run.text : [])).join("");
  expect([side("removed"), side("added")]).toEqual([before, after]);
  expect(runs.filter((run) => run.kind === "removed").map((run) => run.text)).toEqual(["30 ", "free"]);
  expect(diffWords("三十天内", "十四天内").map(({ kind }) => kind)).toContain("same");
  expect(diffWords("", "new")).toEqual([{ text: "new", kind: "added" }]);
  expect(diffWords("same", "same")).toEqual([{ text: "same", kind: "same" }]);
});
