/** The app chunk: a client and a panel, wired together. The loader starts it. */
import { systemClock } from "../shared/clock";
import { unreadEntries } from "../shared/conversation";
import type { Locale } from "../shared/i18n/locale";
import type { SocketLike } from "../shared/reconnecting-socket";
import { type Storage, webStorage } from "../shared/storage";
import { type ClientState, WidgetClient } from "../shared/widget-client";
import type { App, Bridge } from "./bridge";
import { CarelineComposer } from "./composer";
import { listen } from "./events";
import { buildVoice } from "./format";
import { CarelineLog } from "./log";
import { CarelinePanel, FULL_SCREEN } from "./panel";

const KEY_PREFIX = "careline:";
const DRAFT_KEY = "draft";
const SIZE_KEY = "is_large";
const HIDDEN_DRAW_MS = 100;

export function start(bridge: Bridge): App {
  defineOnce("careline-log", CarelineLog);
  defineOnce("careline-composer", CarelineComposer);
  defineOnce("careline-panel", CarelinePanel);
  return new WidgetApp(bridge);
}

function defineOnce(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}

class WidgetApp implements App {
  private readonly storage: Storage = webStorage(() => localStorage, KEY_PREFIX);
  private readonly client: WidgetClient;
  private readonly panel = document.createElement("careline-panel") as CarelinePanel;
  private readonly on_network = () => {
    this.panel.is_online = navigator.onLine;
  };
  private readonly on_visible = () => this.markSeen();
  private readonly on_leave = () => this.client.save();
  private locale: Locale;
  private owner = "";
  private announced_unread = -1;
  private is_open = false;
  private is_drawing = false;
  private page_overflow: string | null = null;

  constructor(private readonly bridge: Bridge) {
    this.locale = bridge.locale;
    this.client = new WidgetClient(
      {
        base: bridge.base,
        fetch: (url, init) => fetch(url, init),
        openSocket: (url) => new WebSocket(url) as SocketLike,
        storage: this.storage,
        clock: systemClock,
        random: Math.random,
        onWake,
      },
      bridge.locale,
      {
        onChange: () => this.follow(),
        onArrival: (entry) => {
          if (entry.kind === "bot" || entry.kind === "agent")
            bridge.emit("message", { kind: entry.kind, text: entry.text });
        },
        onIdentityRefused: () => bridge.emit("error", { code: "identity_refused" }),
        onStrangeFrame: (error) => console.warn("careline: a frame could not be read", error),
      },
    );
    this.panel.base = bridge.base;
    this.panel.is_large = this.storage.get(SIZE_KEY) === "1";
    this.panel.is_online = navigator.onLine;
    addEventListener("online", this.on_network);
    addEventListener("offline", this.on_network);
    addEventListener("pagehide", this.on_leave);
    document.addEventListener("visibilitychange", this.on_visible);
    this.listen();
    this.setVoice();
    this.draw();
    // Somebody who has been here before may have an answer waiting.
    if (this.client.hasSession) this.client.start();
  }

  open({ takes_focus }: { takes_focus: boolean }): void {
    this.is_open = true;
    this.client.start();
    this.draw();
    if (matchMedia(FULL_SCREEN).matches) this.lockPage();
    this.bridge.root.append(this.panel);
    void this.panel.updateComplete.then(() => {
      this.panel.composer?.restore(this.storage.get(DRAFT_KEY) ?? "");
      this.panel.log?.toEnd();
      if (takes_focus) this.panel.takeFocus();
      this.markSeen();
    });
  }

  close(): void {
    this.is_open = false;
    this.unlockPage();
    this.panel.remove();
  }

  identify(identity: string | null): void {
    this.client.identify(identity);
    if (identity === null) this.storage.remove(DRAFT_KEY);
  }

  setLocale(locale: Locale): void {
    this.locale = locale;
    this.setVoice();
    this.client.setLocale(locale);
  }

  destroy(): void {
    removeEventListener("online", this.on_network);
    removeEventListener("offline", this.on_network);
    removeEventListener("pagehide", this.on_leave);
    document.removeEventListener("visibilitychange", this.on_visible);
    this.close();
    this.client.stop();
  }

  private listen(): void {
    listen(this.panel, {
      send: ({ text }) => this.client.post(text),
      draft: ({ text }) => (text === "" ? this.storage.remove(DRAFT_KEY) : this.storage.set(DRAFT_KEY, text)),
      typing: ({ is_typing }) => this.client.setTyping(is_typing),
      answer: ({ seq, button }) => this.client.answer(seq, button),
      rate: ({ seq, is_helpful }) => this.client.rate(seq, is_helpful),
      choose: (starter) => this.client.choose(starter),
      retry: ({ client_id }) => this.client.retry(client_id),
      discard: ({ client_id }) => this.client.discard(client_id),
      requestperson: () => this.client.requestPerson(),
      leaveperson: () => this.client.leavePerson(),
      seen: () => this.markSeen(),
      resize: ({ is_large }) => this.resize(is_large),
      shut: () => this.bridge.requestClose(),
    });
  }

  private setVoice(): void {
    this.panel.lang = this.locale === "zh" ? "zh-CN" : "en";
    this.panel.voice = buildVoice(this.locale, navigator.languages);
  }

  private resize(is_large: boolean): void {
    this.panel.is_large = is_large;
    this.storage.set(SIZE_KEY, is_large ? "1" : "0");
  }

  /** Draw once per frame, however much comes in; a hidden page has no frames. */
  private follow(): void {
    if (this.is_drawing) return;
    this.is_drawing = true;
    if (document.visibilityState === "visible") requestAnimationFrame(this.draw);
    else setTimeout(this.draw, HIDDEN_DRAW_MS);
  }

  private readonly draw = (): void => {
    this.is_drawing = false;
    const state = this.client.state;
    this.panel.state = state;
    if (state.settings !== null) this.bridge.setBrand(state.settings.brand_color);
    this.tellOwner(state);
    if (this.is_open) this.markSeen();
    this.tellUnread(this.client.state);
  };

  private tellOwner({ log }: ClientState): void {
    if (log === null || log.owner.kind === this.owner) return;
    const is_first = this.owner === "";
    this.owner = log.owner.kind;
    if (!is_first) this.bridge.emit("handoff", { owner: log.owner.kind, agent_name: log.owner.agent_name });
  }

  private tellUnread({ log }: ClientState): void {
    const unread = log === null || this.is_open ? [] : unreadEntries(log);
    if (unread.length === this.announced_unread) return;
    this.announced_unread = unread.length;
    this.bridge.setUnread(unread.length, unread.at(-1)?.text ?? null);
  }

  /** What is on the screen of a visible page has been seen. */
  private markSeen(): void {
    if (this.is_open && document.visibilityState === "visible") this.client.markRead();
  }

  /** A full-screen panel must not let the page behind it scroll. */
  private lockPage(): void {
    this.page_overflow = document.documentElement.style.overflow;
    document.documentElement.style.overflow = "hidden";
  }

  private unlockPage(): void {
    if (this.page_overflow === null) return;
    document.documentElement.style.overflow = this.page_overflow;
    this.page_overflow = null;
  }
}

function onWake(callback: () => void): () => void {
  const on_visible = () => document.visibilityState === "visible" && callback();
  addEventListener("online", callback);
  addEventListener("pageshow", callback);
  document.addEventListener("visibilitychange", on_visible);
  return () => {
    removeEventListener("online", callback);
    removeEventListener("pageshow", callback);
    document.removeEventListener("visibilitychange", on_visible);
  };
}
