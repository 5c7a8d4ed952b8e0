/** Every action and its key: the listener, the tooltips and the overlay read this one table. */
import type { ConsoleKey } from "../i18n/console";

export type Command =
  | "next"
  | "previous"
  | "search"
  | "claim"
  | "reply"
  | "note"
  | "suggestion"
  | "ticket"
  | "return"
  | "transfer"
  | "resolve"
  | "undo"
  | "traces"
  | "context"
  | "knowledge"
  | "help"
  | "back"
  | "view_1"
  | "view_2"
  | "view_3"
  | "view_4"
  | "view_5";

export interface Shortcut {
  command: Command;
  /** As `KeyboardEvent.key` says it, single letters in lower case. */
  keys: readonly string[];
  label: ConsoleKey;
  group: ConsoleKey;
}

const LIST: ConsoleKey = "keys_group_list";
const CONVERSATION: ConsoleKey = "keys_group_conversation";
const GENERAL: ConsoleKey = "keys_group_general";

export const SHORTCUTS: readonly Shortcut[] = [
  { command: "next", keys: ["j", "ArrowDown"], label: "key_next", group: LIST },
  { command: "previous", keys: ["k", "ArrowUp"], label: "key_previous", group: LIST },
  { command: "view_1", keys: ["1"], label: "key_view", group: LIST },
  { command: "view_2", keys: ["2"], label: "key_view", group: LIST },
  { command: "view_3", keys: ["3"], label: "key_view", group: LIST },
  { command: "view_4", keys: ["4"], label: "key_view", group: LIST },
  { command: "view_5", keys: ["5"], label: "key_view", group: LIST },
  { command: "search", keys: ["/"], label: "key_search", group: LIST },
  { command: "claim", keys: ["a"], label: "key_claim", group: CONVERSATION },
  { command: "reply", keys: ["r"], label: "key_reply", group: CONVERSATION },
  { command: "note", keys: ["n"], label: "key_note", group: CONVERSATION },
  { command: "suggestion", keys: ["s"], label: "key_suggestion", group: CONVERSATION },
  { command: "ticket", keys: ["t"], label: "key_ticket", group: CONVERSATION },
  { command: "return", keys: ["b"], label: "key_return", group: CONVERSATION },
  { command: "transfer", keys: ["f"], label: "key_transfer", group: CONVERSATION },
  { command: "resolve", keys: ["e"], label: "key_resolve", group: CONVERSATION },
  { command: "undo", keys: ["z"], label: "key_undo", group: CONVERSATION },
  { command: "traces", keys: ["d"], label: "key_traces", group: CONVERSATION },
  { command: "context", keys: ["i"], label: "key_context", group: CONVERSATION },
  { command: "knowledge", keys: ["g"], label: "key_knowledge", group: GENERAL },
  { command: "help", keys: ["?"], label: "key_help", group: GENERAL },
  { command: "back", keys: ["Escape"], label: "key_back", group: GENERAL },
];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

/** Where the press happened: in a text field only Escape is a command, on a button the arrow keys stay its own. */
export interface KeyPlace {
  is_writing: boolean;
  is_dialog_open: boolean;
  has_single_keys: boolean;
}

/** The command a key press means here, or null. */
export function commandFor(press: KeyPress, place: KeyPlace): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return null;
  if (place.is_dialog_open) return null; // a dialog has keys of its own, Escape among them
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const found = SHORTCUTS.find((shortcut) => shortcut.keys.includes(key))?.command ?? null;
  if (found === "back") return found;
  return place.is_writing || !place.has_single_keys ? null : found;
}

/** A key as it is printed on the keyboard. */
export function keyLabel(key: string): string {
  return KEY_LABELS[key] ?? key.toUpperCase();
}

const KEY_LABELS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

export function keyOf(command: Command): string {
  return keyLabel(SHORTCUTS.find((shortcut) => shortcut.command === command)?.keys[0] ?? "");
}
