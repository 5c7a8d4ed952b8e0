import type { Storage } from "../../shared/storage";
import type { PostKind } from "./outbox";

/** What an agent began to write, per conversation and mode, so that a reply never turns into a note or back. */
export class Drafts {
  constructor(private readonly storage: Storage) {}

  get(conversation_id: string, kind: PostKind): string {
    return this.storage.get(key(conversation_id, kind)) ?? "";
  }

  set(conversation_id: string, kind: PostKind, text: string): void {
    if (text === "") this.storage.remove(key(conversation_id, kind));
    else this.storage.set(key(conversation_id, kind), text);
  }

  has(conversation_id: string): boolean {
    return this.get(conversation_id, "reply") !== "" || this.get(conversation_id, "note") !== "";
  }
}

function key(conversation_id: string, kind: PostKind): string {
  return `draft:${kind}:${conversation_id}`;
}
