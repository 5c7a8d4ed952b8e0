import type { Locale } from "./locale";
import type { Message } from "./translate";

/** The few words the launcher needs before the rest is loaded. */
const en = {
  region: "Customer service chat",
  open: "Open chat",
  close: "Close chat",
  unread: { one: "Open chat, {count} new message", other: "Open chat, {count} new messages" },
  dismiss: "Dismiss",
  load_failed: "The chat could not be loaded. Press the button to try again.",
} satisfies Record<string, Message>;

const zh: Record<keyof typeof en, Message> = {
  region: "客服聊天",
  open: "打开聊天",
  close: "关闭聊天",
  unread: { other: "打开聊天，有 {count} 条新消息" },
  dismiss: "关闭提示",
  load_failed: "聊天未能加载，请点按按钮重试。",
};

export type LauncherKey = keyof typeof en;
export const LAUNCHER_MESSAGES: Record<Locale, Record<LauncherKey, Message>> = { en, zh };
