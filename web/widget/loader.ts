/** careline.js: paints the launcher at once, loads the rest when somebody comes near or the page is idle. */
import { buildBrand } from "../shared/brand";
import { pickLocale } from "../shared/i18n/locale";
import { type Storage, webStorage } from "../shared/storage";
import type {
  App,
  AppModule,
  Bridge,
  CarelineApi,
  CarelineEvent,
  CarelineEvents,
  Listener,
  QueuedCall,
  ThemeChoice,
} from "./bridge";
import { HOST_TAG, Launcher } from "./launcher";

/** The app chunk's address relative to this script; the build fills it in. */
declare const __APP_PATH__: string;

const SCRIPT_PATH = "/widget/careline.js";
const KEY_PREFIX = "careline:";
const INVITE_DELAY_MS = 3_000;

type Page = typeof globalThis & { Careline?: CarelineApi | QueuedCall[] };
const page = globalThis as Page;

function findScript(): HTMLScriptElement | null {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement) return current;
  return document.querySelector<HTMLScriptElement>(`script[src*="${SCRIPT_PATH}"]`);
}

class Loader {
  private readonly data: DOMStringMap;
  private readonly script_url: string;
  private readonly base: string;
  private readonly storage: Storage;
  private readonly listeners = new Map<CarelineEvent, Set<(detail: never) => void>>();
  private readonly prefers_dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly body_watch = new MutationObserver(() => this.attach());
  private readonly launcher: Launcher;
  private theme: ThemeChoice;
  private locale;
  private brand: string | null;
  private identity: string | null | undefined;
  private is_open = false;
  private is_destroyed = false;
  private app: App | null = null;
  private loading: Promise<App | null> | null = null;

  constructor(script: HTMLScriptElement | null) {
    this.data = script?.dataset ?? {};
    this.script_url = script?.src ?? location.href;
    const at = this.script_url.lastIndexOf(SCRIPT_PATH);
    this.base = at < 0 ? location.origin : this.script_url.slice(0, at);
    this.storage = webStorage(() => localStorage, KEY_PREFIX);
    this.theme = asTheme(this.data.theme);
    this.locale = pickLocale([this.data.locale, document.documentElement.lang, ...navigator.languages]);
    this.brand = this.data.color ?? this.storage.get("brand");
    this.launcher = new Launcher(
      this.locale,
      () => this.toggle(),
      () => this.storage.set("invited", "1"),
    );
    if (this.data.side === "left") this.launcher.host.dataset.side = "left";
    this.prefers_dark.addEventListener("change", this.paint);
    this.paint();
    this.attach();
    this.body_watch.observe(document.documentElement, { childList: true });
    this.launcher.onApproach(() => void this.load());
    this.resume();
  }

  /** Load in a quiet moment; a panel that was open on the last page opens again, without taking the focus. */
  private resume(): void {
    const was_open = sessionGet("open") === "1" && innerWidth > 480;
    if (was_open) this.open(false);
    else if (this.data.load !== "interaction") whenIdle(() => void this.load());
    const invite = this.data.preview;
    if (invite === undefined || was_open || this.storage.get("invited") !== null) return;
    setTimeout(
      () => !this.is_open && !this.is_destroyed && this.launcher.showPreview(invite),
      INVITE_DELAY_MS,
    );
  }

  /** In the page's body, as soon as there is one and again when a page router has replaced it. */
  private attach(): void {
    if (!this.launcher.host.isConnected && document.body) document.body.append(this.launcher.host);
  }

  private readonly paint = (): void => {
    const is_dark = this.theme === "dark" || (this.theme === "auto" && this.prefers_dark.matches);
    const theme = is_dark ? "dark" : "light";
    this.launcher.setTheme(theme);
    this.launcher.setBrand(buildBrand(this.brand, theme));
  };

  private load(): Promise<App | null> {
    this.loading ??= import(/* @vite-ignore */ new URL(__APP_PATH__, this.script_url).href).then(
      (module: AppModule) => this.adopt(module),
      () => {
        this.loading = null; // the next press tries again
        this.emit("error", { code: "load_failed" });
        return null;
      },
    );
    return this.loading;
  }

  private adopt(module: AppModule): App | null {
    if (this.is_destroyed) return null;
    this.app = module.start(this.bridge());
    if (this.identity !== undefined) this.app.identify(this.identity);
    this.emit("ready", undefined);
    return this.app;
  }

  private bridge(): Bridge {
    return {
      root: this.launcher.root,
      base: this.base,
      locale: this.locale,
      setBrand: (colour) => {
        if (this.data.color !== undefined || colour === null) return;
        this.brand = colour;
        this.storage.set("brand", colour);
        this.paint();
      },
      setUnread: (count, preview) => {
        this.launcher.setUnread(count);
        if (!this.is_open) this.launcher.showPreview(preview);
        this.emit("unread", { count });
      },
      requestClose: () => this.close(),
      emit: (event, detail) => this.emit(event, detail),
    };
  }

  open(takes_focus = true): void {
    if (this.is_open || this.is_destroyed) return;
    this.is_open = true;
    sessionSet("open", "1");
    this.storage.set("invited", "1");
    this.launcher.setLoading(this.app === null);
    void this.load().then((app) => this.show(app, takes_focus));
  }

  private show(app: App | null, takes_focus: boolean): void {
    this.launcher.setLoading(false);
    if (!this.is_open) return;
    if (app === null) {
      this.is_open = false;
      this.launcher.showLoadFailure();
      return;
    }
    this.launcher.setOpen(true);
    app.open({ takes_focus });
    this.emit("open", undefined);
  }

  close(): void {
    if (!this.is_open) return;
    this.is_open = false;
    sessionSet("open", "0");
    this.launcher.setOpen(false);
    this.app?.close();
    this.launcher.focus();
    this.emit("close", undefined);
  }

  toggle(): void {
    if (this.is_open) this.close();
    else this.open();
  }

  identify(identity: string | null): void {
    this.identity = identity;
    if (this.app !== null) this.app.identify(identity);
    else if (identity === null) void this.load();
  }

  setLocale(wanted: string): void {
    const locale = pickLocale([
      wanted === "auto" ? null : wanted,
      document.documentElement.lang,
      ...navigator.languages,
    ]);
    if (locale === this.locale) return;
    this.locale = locale;
    this.launcher.setLocale(locale);
    this.app?.setLocale(locale);
  }

  setTheme(theme: ThemeChoice): void {
    this.theme = asTheme(theme);
    this.paint();
  }

  on<E extends CarelineEvent>(event: E, listener: Listener<E>): () => void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
    return () => void known.delete(listener);
  }

  destroy(): void {
    this.is_destroyed = true;
    this.is_open = false;
    this.body_watch.disconnect();
    this.prefers_dark.removeEventListener("change", this.paint);
    this.app?.destroy();
    this.launcher.host.remove();
    delete page.Careline;
  }

  private emit<E extends CarelineEvent>(event: E, detail: CarelineEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        (listener as Listener<E>)(detail);
      } catch (error) {
        reportError(error); // the page's own mistake: reported as such, and the chat goes on
      }
    }
  }
}

function asTheme(theme: string | undefined): ThemeChoice {
  return theme === "light" || theme === "dark" ? theme : "auto";
}

function whenIdle(callback: () => void): void {
  const later = () =>
    "requestIdleCallback" in page ? requestIdleCallback(callback) : setTimeout(callback, 1_500);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}

function sessionGet(key: string): string | null {
  return webStorage(() => sessionStorage, KEY_PREFIX).get(key);
}

function sessionSet(key: string, value: string): void {
  webStorage(() => sessionStorage, KEY_PREFIX).set(key, value);
}

function publish(loader: Loader, queued: readonly QueuedCall[]): void {
  const api: CarelineApi = {
    open: () => loader.open(),
    close: () => loader.close(),
    toggle: () => loader.toggle(),
    identify: (identity) => loader.identify(identity),
    setLocale: (locale) => loader.setLocale(locale),
    setTheme: (theme) => loader.setTheme(theme),
    on: (event, listener) => loader.on(event, listener),
    destroy: () => loader.destroy(),
    push: (...calls) => {
      for (const [name, ...args] of calls) {
        if (Object.keys(api).includes(name)) (api[name] as (...args: unknown[]) => void)(...args);
      }
    },
  };
  page.Careline = api;
  api.push(...queued);
}

// A second copy of the script finds the first one's work and leaves it alone.
const present = page.Careline;
if (present === undefined || Array.isArray(present)) {
  document.querySelector(HOST_TAG)?.remove();
  publish(new Loader(findScript()), present ?? []);
}
