import type { Locale } from "../shared/i18n/locale";

export type ThemeChoice = "auto" | "light" | "dark";

/** What `Careline.on` can listen to. */
export interface CarelineEvents {
  ready: undefined;
  open: undefined;
  close: undefined;
  /** A message from the assistant or a person. */
  message: { kind: "bot" | "agent"; text: string };
  unread: { count: number };
  handoff: { owner: "bot" | "queue" | "agent" | "closed"; agent_name: string | null };
  error: { code: "load_failed" | "identity_refused" };
}

export type CarelineEvent = keyof CarelineEvents;
export type Listener<E extends CarelineEvent> = (detail: CarelineEvents[E]) => void;

/** The page's `window.Careline`, before and after the script has loaded. */
export interface CarelineApi {
  open(): void;
  close(): void;
  toggle(): void;
  /** Say who the customer is with a signed token from the shop's server; null signs out and forgets. */
  identify(identity: string | null): void;
  setLocale(locale: string): void;
  setTheme(theme: ThemeChoice): void;
  on<E extends CarelineEvent>(event: E, listener: Listener<E>): () => void;
  destroy(): void;
  /** The queue's verb, as in `Careline.push(["open"])`: it works before the script has loaded and after. */
  push(...calls: QueuedCall[]): void;
}

export type QueuedCall = readonly [keyof CarelineApi, ...unknown[]];

/** What the loader lends the app: the place to draw in and the launcher. */
export interface Bridge {
  readonly root: ShadowRoot;
  /** The desk's address, without a slash at the end. */
  readonly base: string;
  readonly locale: Locale;
  setBrand(colour: string | null): void;
  /** Count and newest line of what came while the panel was closed. */
  setUnread(count: number, preview: string | null): void;
  requestClose(): void;
  emit<E extends CarelineEvent>(event: E, detail: CarelineEvents[E]): void;
}

/** What the app chunk gives the loader. */
export interface App {
  open(options: { takes_focus: boolean }): void;
  close(): void;
  identify(identity: string | null): void;
  setLocale(locale: Locale): void;
  destroy(): void;
}

export interface AppModule {
  start(bridge: Bridge): App;
}
