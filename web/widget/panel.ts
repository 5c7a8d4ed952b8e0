import { html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { NO_OWNER } from "../shared/conversation";
import type { ClientState } from "../shared/widget-client";
import { DEFAULT_MAX_MESSAGE_CHARS, type Owner } from "../shared/wire";
import base_css from "./base.css?inline";
import type { CarelineComposer } from "./composer";
import { emit } from "./events";
import { firstName, type Voice } from "./format";
import { ALERT, CLOCK, CLOSE, ENLARGE, SHRINK } from "./icons";
import type { CarelineLog } from "./log";
import panel_css from "./panel.css?inline";
import { picture } from "./pictures";
import { buildTimeline } from "./timeline";

/** A connection that is back within this time was never worth a word. */
export const STRIP_DELAY_MS = 1_500;
export const FULL_SCREEN = "(max-width: 480px)";
/** A visual viewport this much shorter than the page means an on-screen keyboard, in px. */
const KEYBOARD_PX = 120;

/** The open chat: who is there, the log, the composer. */
export class CarelinePanel extends LitElement {
  static override styles = [unsafeCSS(base_css), unsafeCSS(panel_css)];
  static override properties = {
    state: { attribute: false },
    voice: { attribute: false },
    base: { attribute: false },
    is_large: { attribute: false },
    is_online: { attribute: false },
    strip: { state: true },
  };

  declare state: ClientState;
  declare voice: Voice;
  declare base: string;
  declare is_large: boolean;
  declare is_online: boolean;
  declare private strip: boolean;
  private strip_timer: ReturnType<typeof setTimeout> | undefined;
  private readonly full_screen = matchMedia(FULL_SCREEN);

  constructor() {
    super();
    this.base = "";
    this.is_large = this.strip = false;
    this.is_online = true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    visualViewport?.addEventListener("resize", this.fitKeyboard);
    visualViewport?.addEventListener("scroll", this.fitKeyboard);
    this.full_screen.addEventListener("change", this.onFullScreen);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    visualViewport?.removeEventListener("resize", this.fitKeyboard);
    visualViewport?.removeEventListener("scroll", this.fitKeyboard);
    this.full_screen.removeEventListener("change", this.onFullScreen);
    clearTimeout(this.strip_timer);
  }

  get composer(): CarelineComposer | null {
    return this.renderRoot.querySelector("careline-composer");
  }

  get log(): CarelineLog | null {
    return this.renderRoot.querySelector("careline-log");
  }

  /** Focus the composer; on a touch screen the panel instead, or the keyboard would hide the greeting. */
  takeFocus(): void {
    if (matchMedia("(pointer: coarse)").matches) this.frame?.focus();
    else this.composer?.focus();
  }

  private get frame(): HTMLElement | null {
    return this.renderRoot.querySelector(".panel");
  }

  private readonly onFullScreen = (): void => this.requestUpdate();

  private readonly fitKeyboard = (): void => {
    const frame = this.frame;
    const seen = visualViewport;
    if (frame === null || seen === null) return;
    const has_keyboard = this.full_screen.matches && innerHeight - seen.height * seen.scale > KEYBOARD_PX;
    frame.classList.toggle("has-keyboard", has_keyboard);
    frame.style.setProperty("--seen-height", `${seen.height}px`);
    frame.style.setProperty("--seen-top", `${seen.offsetTop}px`);
  };

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("state") || changed.has("is_online")) this.delayStrip();
  }

  private get isFine(): boolean {
    const { connection, held_until_ms } = this.state;
    return (connection === "live" || connection === "idle") && held_until_ms === null;
  }

  private delayStrip(): void {
    if (this.isFine && this.is_online) {
      clearTimeout(this.strip_timer);
      this.strip_timer = undefined;
      this.strip = false;
    } else if (!this.is_online) this.strip = true;
    else {
      this.strip_timer ??= setTimeout(() => {
        this.strip = true;
      }, STRIP_DELAY_MS);
    }
  }

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    emit(this, "shut", undefined);
  };

  protected override render(): TemplateResult {
    const { log, settings, outbox, typing } = this.state;
    const owner = log?.owner ?? NO_OWNER;
    const { t } = this.voice;
    const assistant_name = settings?.assistant_name ?? "";
    const has_person = owner.kind === "agent" || owner.kind === "queue";
    const rows = buildTimeline(log?.entries ?? [], outbox, has_person);
    const is_fresh = !rows.some((row) => row.type === "group" && row.sender === "customer");
    const name = this.nameOf(owner, assistant_name);
    const is_modal = this.full_screen.matches;
    return html`
      <div class="panel ${this.is_large ? "is-large" : ""}" role="dialog" tabindex="-1" aria-label=${t("panel_label", { name: settings?.brand_name || name })}
        aria-modal=${is_modal ? "true" : nothing} @keydown=${this.onKeyDown}>
        ${is_modal ? this.renderGuard("end") : nothing}
        <button type="button" class="skip" @click=${() => this.composer?.focus()}>${t("skip_to_composer")}</button>
        ${this.renderHeader(owner, name)}
        ${this.strip ? this.renderStrip() : nothing}
        <careline-log .rows=${rows} .voice=${this.voice} .owner=${owner} .base=${this.base} .assistant_name=${assistant_name}
          .greeting=${settings?.greeting || t("greeting")} .starters=${is_fresh && !has_person ? (settings?.starters ?? []) : []}
          .typing=${typing === owner.kind ? typing : null} .agent_read_seq=${log?.agent_read_seq ?? 0} .is_settled=${this.state.connection === "live"}></careline-log>
        <careline-composer .voice=${this.voice} .owner_kind=${owner.kind} .agent_name=${firstName(owner.agent_name ?? "")}
          .assistant_name=${assistant_name} .max_chars=${settings?.max_message_chars ?? DEFAULT_MAX_MESSAGE_CHARS}
          .is_asking=${outbox.some((item) => item.body.type === "request_person")}></careline-composer>
        ${is_modal ? this.renderGuard("start") : nothing}
      </div>`;
  }

  /** In full screen the focus goes round: the guard before the first control leads to the last one, and back. */
  private renderGuard(leads_to: "start" | "end"): TemplateResult {
    const go = (event: FocusEvent) => {
      const is_entering = event.relatedTarget === this.frame;
      if (leads_to === "start" || is_entering) this.renderRoot.querySelector<HTMLElement>(".skip")?.focus();
      else this.composer?.focus();
    };
    return html`<span tabindex="0" class="for-readers" aria-hidden="true" @focus=${go}></span>`;
  }

  private renderHeader(owner: Owner, name: string): TemplateResult {
    const { t } = this.voice;
    const size = t(this.is_large ? "shrink" : "enlarge");
    return html`<header>
      ${picture(owner.kind === "agent" ? "agent" : "bot", owner.agent_name ?? name)}
      <div class="who"><h2>${name}</h2><p>${this.statusOf(owner)}</p></div>
      <div class="tools">
        <button type="button" class="tool size" aria-label=${size} title=${size} aria-pressed=${this.is_large ? "true" : "false"}
          @click=${() => emit(this, "resize", { is_large: !this.is_large })}>${this.is_large ? SHRINK : ENLARGE}</button>
        <button type="button" class="tool" aria-label=${t("close")} title=${t("close")} @click=${() => emit(this, "shut", undefined)}>${CLOSE}</button>
      </div>
    </header>`;
  }

  private renderStrip(): TemplateResult {
    const { t } = this.voice;
    const { connection, held_until_ms } = this.state;
    const text = !this.is_online
      ? t("offline")
      : held_until_ms !== null
        ? t("held")
        : connection === "connecting"
          ? t("connecting")
          : t("reconnecting");
    return html`<div class="strip" role="status">${this.is_online ? CLOCK : ALERT}<span>${text}</span></div>`;
  }

  private nameOf(owner: Owner, assistant_name: string): string {
    if (owner.kind === "agent" && owner.agent_name) return firstName(owner.agent_name);
    return assistant_name || this.voice.t("assistant");
  }

  private statusOf(owner: Owner): string {
    const { t } = this.voice;
    if (owner.kind !== "agent") return t(`status_${owner.kind}`);
    return owner.wait_minutes === null
      ? t("status_agent")
      : t("status_agent_wait", { count: Math.max(1, Math.round(owner.wait_minutes)) });
  }
}
