/** Where the agent is, kept in the address: reloading and the back gesture work by themselves. */
import { VIEWS, type View } from "../wire/http";

export interface Route {
  view: View;
  conversation_id: string | null;
}

export function parseRoute(hash: string): Route {
  const [view, id] = hash.replace(/^#\/?/, "").split("/");
  const found = VIEWS.find((known) => known === view);
  return { view: found ?? "waiting", conversation_id: found && id ? decodeURIComponent(id) : null };
}

export const KNOWLEDGE_TABS = ["unanswered", "outdated", "sources"] as const;
export type KnowledgeTab = (typeof KNOWLEDGE_TABS)[number];

/** A place on the knowledge pages; `id` is a question (`is_writing`: its article), or among the sources an article of the team. */
export interface KnowledgePlace {
  tab: KnowledgeTab;
  id: string | null;
  is_writing: boolean;
}

/** The place on the knowledge pages that an address names, null for every other address. */
export function parseKnowledge(hash: string): KnowledgePlace | null {
  const [first, tab, id, last] = hash.replace(/^#\/?/, "").split("/");
  if (first !== "knowledge") return null;
  const found = KNOWLEDGE_TABS.find((known) => known === tab) ?? "unanswered";
  const has_id = found !== "outdated" && id !== undefined && id !== "";
  const is_writing = has_id && found === "unanswered" && last === "write";
  return { tab: found, id: has_id ? decodeURIComponent(id) : null, is_writing };
}

export function knowledgeHash(tab: KnowledgeTab, id: string | null = null, is_writing = false): string {
  return `#/knowledge/${tab}${id === null ? "" : `/${encodeURIComponent(id)}`}${is_writing ? "/write" : ""}`;
}

export function routeHash(route: Route): string {
  const id = route.conversation_id === null ? "" : `/${encodeURIComponent(route.conversation_id)}`;
  return `#/${route.view}${id}`;
}
