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

export function routeHash(route: Route): string {
  const id = route.conversation_id === null ? "" : `/${encodeURIComponent(route.conversation_id)}`;
  return `#/${route.view}${id}`;
}
