import { LAUNCHER_MESSAGES, type LauncherKey } from "../shared/i18n/launcher";
import type { Locale } from "../shared/i18n/locale";
import { buildTranslate, type Translate } from "../shared/i18n/translate";
import tokens from "../shared/tokens.css?inline";
import css from "./launcher.css?inline";

export const HOST_TAG = "careline-widget";
const SVG = "http://www.w3.org/2000/svg";
const CHAT_PATH =
  "M12 3.5c5 0 9 3.3 9 7.6s-4 7.6-9 7.6c-.9 0-1.8-.1-2.6-.3L5 20.7c-.5.2-1-.2-.9-.7l.6-3.2C3.6 15.3 3 13.3 3 11.1 3 6.8 7 3.5 12 3.5Z";
const SHUT_PATH = "m6 9.5 6 6 6-6";
const CROSS_PATH = "m6 6 12 12M18 6 6 18";

/** The round button, its count and its preview line, painted before anything else is loaded. */
export class Launcher {
  readonly host = document.createElement(HOST_TAG);
  readonly root = this.host.attachShadow({ mode: "open" });
  private readonly frame = element("section", "");
  private readonly button = element("button", "launcher");
  private readonly badge = element("span", "badge");
  private readonly preview = element("div", "preview");
  private readonly preview_text = element("button", "text");
  private readonly dismiss = element("button", "dismiss");
  private text: Translate<LauncherKey> = buildTranslate(LAUNCHER_MESSAGES.en, "en");
  private unread = 0;
  private is_open = false;

  constructor(locale: Locale, onPress: () => void, onDismiss: () => void) {
    adoptStyles(this.root, tokens + css);
    this.button.append(icon(CHAT_PATH, "chat"), icon(SHUT_PATH, "shut"), this.badge);
    this.badge.setAttribute("aria-hidden", "true");
    this.dismiss.append(icon(CROSS_PATH, ""));
    this.preview.append(this.preview_text, this.dismiss);
    this.frame.append(this.preview, this.button);
    this.root.append(this.frame);
    this.button.onclick = this.preview_text.onclick = onPress;
    this.dismiss.onclick = () => {
      this.showPreview(null);
      onDismiss();
    };
    this.showPreview(null);
    this.setLocale(locale);
  }

  /** Calls back once when the customer comes near: the moment to load the rest. */
  onApproach(callback: () => void): void {
    const options = { once: true, passive: true };
    for (const type of ["pointerenter", "focus", "touchstart"]) {
      this.button.addEventListener(type, callback, options);
    }
  }

  setLocale(locale: Locale): void {
    this.text = buildTranslate(LAUNCHER_MESSAGES[locale], locale);
    this.host.lang = locale === "zh" ? "zh-CN" : "en";
    this.relabel();
  }

  setTheme(theme: "light" | "dark"): void {
    this.host.dataset.theme = theme;
  }

  setBrand(properties: Record<string, string>): void {
    for (const name of ["--brand", "--on-brand", "--brand-text", "--brand-tint"]) {
      const value = properties[name];
      if (value === undefined) this.host.style.removeProperty(name);
      else this.host.style.setProperty(name, value);
    }
  }

  setOpen(is_open: boolean): void {
    this.is_open = is_open;
    this.frame.classList.toggle("is-open", is_open);
    if (is_open) this.showPreview(null);
    this.relabel();
  }

  setLoading(is_loading: boolean): void {
    this.frame.classList.toggle("is-loading", is_loading);
    this.button.setAttribute("aria-busy", String(is_loading));
  }

  setUnread(unread: number): void {
    this.unread = unread;
    this.relabel();
  }

  showPreview(text: string | null): void {
    this.preview.hidden = text === null;
    this.preview_text.textContent = text;
  }

  showLoadFailure(): void {
    this.showPreview(this.text("load_failed"));
  }

  focus(): void {
    this.button.focus();
  }

  private relabel(): void {
    const label = this.is_open
      ? this.text("close")
      : this.unread > 0
        ? this.text("unread", { count: this.unread })
        : this.text("open");
    this.button.setAttribute("aria-label", label);
    this.button.setAttribute("aria-expanded", String(this.is_open));
    this.frame.setAttribute("aria-label", this.text("region"));
    this.dismiss.setAttribute("aria-label", this.text("dismiss"));
    this.badge.hidden = this.unread === 0 || this.is_open;
    this.badge.textContent = this.unread > 99 ? "99+" : String(this.unread);
  }
}

function element<T extends "section" | "button" | "span" | "div">(
  tag: T,
  name: string,
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  if (made instanceof HTMLButtonElement) made.type = "button";
  return made;
}

function icon(path: string, name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  const is_solid = path === CHAT_PATH;
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24",
    "aria-hidden": "true",
    fill: is_solid ? "currentColor" : "none",
    stroke: is_solid ? "none" : "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  })) {
    svg.setAttribute(key, value);
  }
  if (name !== "") svg.classList.add(name);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function adoptStyles(root: ShadowRoot, css_text: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css_text);
  root.adoptedStyleSheets = [sheet];
}
