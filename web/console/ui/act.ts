/** Saying in words what the desk refused. */
import { isObject } from "../../shared/wire-reader";
import type { ConsoleKey } from "../i18n/console";
import type { T } from "../lib/words";
import { DeskError } from "../wire/http";
import { useFrame } from "./frame";

const SENTENCES: Record<string, ConsoleKey> = {
  version_conflict: "version_conflict",
  wrong_owner: "wrong_owner",
  unreachable: "action_unreachable",
};

/** A sentence for an error of an action. */
export function explain(t: T, error: unknown): string {
  if (!(error instanceof DeskError)) return t("action_failed");
  if (error.code === "conversation_taken") {
    const { owner } = error.details;
    const name = isObject(owner) && typeof owner.agent_name === "string" ? owner.agent_name : null;
    return name === null ? t("taken_by_other") : t("taken_by", { name });
  }
  return t(SENTENCES[error.code] ?? "action_failed");
}

/** Do something on a conversation; when the desk refuses, say why and read the conversation anew. True: it worked. */
export function useAct(): (conversation_id: string, action: () => Promise<void>) => Promise<boolean> {
  const { console, t, say } = useFrame();
  return async (conversation_id, action) => {
    try {
      await action();
      return true;
    } catch (error) {
      if (error instanceof DeskError && error.status === 401) return false; // signing in again is asked for already
      say(explain(t, error), "alarm");
      if (error instanceof DeskError && error.status === 409) void console.loadConversation(conversation_id);
      return false;
    }
  };
}
