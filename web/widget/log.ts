import { html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { linkify, safeHref } from "../shared/links";
import type { Button, Owner, Source } from "../shared/wire";
import base_css from "./base.css?inline";
import { emit } from "./events";
import { firstName, systemText, type Voice } from "./format";
import { ALERT, CHECK, CLOCK, DOWN, NEXT, PAGE, THUMB_DOWN, THUMB_UP, TICKET } from "./icons";
import log_css from "./log.css?inline";
import { picture } from "./pictures";
import type { GroupRow, LineRow, MessageView, Row, Sender } from "./timeline";

/** Dots that come and go within a blink are noise. */
export const TYPING_DELAY_MS = 400;
/** This near to its end the log counts as being at its end, in px. */
const END_SLACK = 60;

/** The log of one conversation: rows in, wishes out. */
export class CarelineLog extends LitElement {
  static override styles = [unsafeCSS(base_css), unsafeCSS(log_css)];
  static override properties = {
    rows: { attribute: false },
    voice: { attribute: false },
    owner: { attribute: false },
    base: { attribute: false },
    assistant_name: { attribute: false },
    greeting: { attribute: false },
    starters: { attribute: false },
    typing: { attribute: false },
    agent_read_seq: { attribute: false },
    is_settled: { attribute: false },
    dots: { state: true },
    is_at_end: { state: true },
    new_count: { state: true },
  };

  declare rows: readonly Row[];
  declare voice: Voice;
  declare owner: Owner;
  /** The desk's origin; source links are relative to it. */
  declare base: string;
  declare assistant_name: string;
  declare greeting: string;
  /** Empty once the customer has written. */
  declare starters: readonly Button[];
  declare typing: "bot" | "agent" | null;
  declare agent_read_seq: number;
  /** Whether the history is in place: only what comes afterwards is read out. */
  declare is_settled: boolean;
  declare private dots: "bot" | "agent" | null;
  declare private is_at_end: boolean;
  declare private new_count: number;
  private dots_timer: ReturnType<typeof setTimeout> | undefined;
  private seen_keys = new Set<string>();
  private readonly size_watch = new ResizeObserver(() => this.is_at_end && this.toEnd());

  constructor() {
    super();
    this.rows = [];
    this.starters = [];
    this.greeting = "";
    this.assistant_name = "";
    this.base = "";
    this.typing = this.dots = null;
    this.agent_read_seq = 0;
    this.is_settled = false;
    this.is_at_end = true;
    this.new_count = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.size_watch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.size_watch.disconnect();
    clearTimeout(this.dots_timer);
  }

  /** Scroll to the newest message. */
  toEnd(behavior: ScrollBehavior = "instant"): void {
    const scroll = this.scroller;
    scroll?.scrollTo({ top: scroll.scrollHeight, behavior });
  }

  private get scroller(): HTMLElement | null {
    return this.renderRoot.querySelector(".scroll");
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("typing")) this.delayDots();
    if (changed.has("rows")) this.countNew();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.is_at_end && (changed.has("rows") || changed.has("owner") || changed.has("starters")))
      this.toEnd();
  }

  private delayDots(): void {
    clearTimeout(this.dots_timer);
    if (this.typing === null || this.dots !== null) this.dots = this.typing;
    else
      this.dots_timer = setTimeout(() => {
        this.dots = this.typing;
      }, TYPING_DELAY_MS);
  }

  /** Count what came in while the customer reads further up; an own message always leads to the end. */
  private countNew(): void {
    const messages = this.rows.flatMap((row) =>
      row.type === "group" ? row.messages.map((message) => ({ row, message })) : [],
    );
    const fresh = messages.filter(({ message }) => !this.seen_keys.has(message.key));
    for (const { message } of fresh) this.seen_keys.add(message.key);
    if (fresh.some(({ row }) => row.sender === "customer")) this.is_at_end = true;
    this.new_count = this.is_at_end ? 0 : this.new_count + fresh.length;
  }

  private readonly onScroll = (event: Event): void => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget as HTMLElement;
    this.is_at_end = scrollHeight - scrollTop - clientHeight < END_SLACK;
    if (!this.is_at_end) return;
    this.new_count = 0;
    emit(this, "seen", undefined);
  };

  protected override render(): TemplateResult {
    return html`
      <div class="scroll" tabindex="0" role="log" aria-label=${this.voice.t("log_label")}
        aria-live=${this.is_settled ? "polite" : "off"} aria-relevant="additions" @scroll=${this.onScroll}>
        <div class="log">
          <div class="push"></div>
          ${this.renderGreeting()}
          ${repeat(
            this.rows,
            (row) => row.key,
            (row) => this.renderRow(row),
          )}
          ${this.owner.kind === "queue" ? this.renderQueue() : nothing}
          ${this.renderComing()}
        </div>
      </div>
      ${this.is_at_end ? nothing : this.renderLatest()}
      <p class="for-readers" role="status">${this.dots === null ? "" : this.voice.t("is_typing", { name: this.nameOfTyping() })}</p>`;
  }

  private renderGreeting(): TemplateResult {
    const name = this.assistant_name || this.voice.t("assistant");
    return html`<div class="group bot">
      <h3 class="byline">${picture("bot", name)}<span>${name}</span></h3>
      <div class="message"><p class="bubble">${this.greeting}</p></div>
      ${this.starters.length === 0 ? nothing : this.renderStarters()}
    </div>`;
  }

  private renderStarters(): TemplateResult {
    const choose = (starter: Button) => () => emit(this, "choose", { id: starter.id, title: starter.title });
    return html`<ul class="starters" aria-label=${this.voice.t("starters")}>
      ${this.starters.map((starter) => html`<li><button type="button" @click=${choose(starter)}><span>${starter.title}</span>${NEXT}</button></li>`)}
    </ul>`;
  }

  private renderRow(row: Row): TemplateResult {
    if (row.type === "group") return this.renderGroup(row);
    if (row.type === "line") return this.renderLine(row);
    return html`<h3 class="day"><time datetime=${row.at.toISOString()}>${this.voice.day(row.at, new Date())}</time></h3>`;
  }

  private renderGroup(row: GroupRow): TemplateResult {
    const name = this.nameOf(row);
    const time = this.voice.time(row.at);
    const label = this.voice.t("said", { name, time });
    return html`<div class="group row-new ${row.sender}">
      ${row.sender === "customer" ? nothing : html`<div class="byline">${picture(row.sender, row.name ?? name)}<span>${name}</span></div>`}
      ${repeat(
        row.messages,
        (message) => message.key,
        (message) => this.renderMessage(message, label, row.sender),
      )}
      <div class="foot"><time datetime=${row.at.toISOString()}>${time}</time>${this.renderStatus(row)}</div>
    </div>`;
  }

  private renderMessage(message: MessageView, label: string, sender: Sender): TemplateResult {
    return html`<article class="message ${message.status}" aria-label=${label}>
      <p class="bubble">${this.renderText(message.text)}</p>
      ${message.sources.length === 0 ? nothing : this.renderSources(message.sources)}
      ${sender === "bot" && message.sources.length > 0 ? this.renderVote(message) : nothing}
      ${this.renderReplies(message.seq, message.buttons, message.answered_button, message.is_open)}
      ${message.status === "failed" ? this.renderFault(message) : nothing}
    </article>`;
  }

  /** Text as text; only what passes the allow-list becomes a link. */
  private renderText(text: string): (string | TemplateResult)[] {
    return linkify(text, this.base).map(({ text: run, href }) =>
      href === null
        ? run
        : html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${run}</a>`,
    );
  }

  /** One chip a page: an answer may quote a page twice. A file has no address: its title stands without a link. */
  private renderSources(sources: readonly Source[]): TemplateResult {
    const pages = new Map<string, [Source, string | null]>();
    for (const source of sources) {
      const href = source.url === "" ? null : safeHref(source.url, this.base);
      if (href === null && source.url !== "") continue;
      const key = href ?? `title ${source.title}`;
      if (!pages.has(key)) pages.set(key, [source, href]);
    }
    return html`<ul class="sources">${[...pages.values()].map(([source, href]) => this.renderSource(source, href))}</ul>`;
  }

  private renderSource(source: Source, href: string | null): TemplateResult {
    const { t, date } = this.voice;
    const updated_ms = Date.parse(`${source.updated ?? ""}T12:00`);
    const day = Number.isNaN(updated_ms) ? "" : date(new Date(updated_ms));
    const updated = day === "" ? "" : t("source_updated", { date: day });
    const title = source.section ? `${source.title} · ${source.section}` : source.title;
    const chip = html`${PAGE}<span>${title}</span>${day === "" ? nothing : html`<time datetime=${source.updated ?? ""}>${day}</time>`}`;
    if (href === null) {
      return html`<li><span class="chip" title=${updated ? `${title}\n${updated}` : title}>${chip}</span></li>`;
    }
    return html`<li><a class="chip" href=${href} target="_blank" rel="noopener noreferrer" title=${updated ? `${title}\n${updated}` : title}
      aria-label=${`${t("source_label", { title: updated ? `${title}, ${updated}` : title })} (${t("opens_new_tab")})`}>${chip}</a></li>`;
  }

  /** Two quiet buttons; the one that was pressed stays pressed, and pressing it again takes the vote back. */
  private renderVote({ seq, is_helpful }: MessageView): TemplateResult | typeof nothing {
    if (seq === null) return nothing;
    const { t } = this.voice;
    const vote = (value: boolean) => () =>
      emit(this, "rate", { seq, is_helpful: is_helpful === value ? null : value });
    const thanks = is_helpful === null ? "" : t(is_helpful ? "vote_thanks" : "vote_thanks_no");
    return html`<div class="vote" role="group" aria-label=${t("vote_question")}>
      <span class="ask-vote" aria-hidden="true">${thanks || t("vote_question")}</span>
      <button type="button" aria-pressed=${is_helpful === true} aria-label=${t("vote_yes")} title=${t("vote_yes")} @click=${vote(true)}>${THUMB_UP}</button>
      <button type="button" aria-pressed=${is_helpful === false} aria-label=${t("vote_no")} title=${t("vote_no")} @click=${vote(false)}>${THUMB_DOWN}</button>
      <span class="for-readers" role="status">${thanks}</span>
    </div>`;
  }

  private renderReplies(
    seq: number | null,
    buttons: readonly Button[],
    answered: string | null,
    is_open: boolean,
  ): TemplateResult | typeof nothing {
    if (seq === null || buttons.length === 0 || (!is_open && answered === null)) return nothing;
    const { t } = this.voice;
    const reply = (button: Button) => () =>
      emit(this, "answer", { seq, button: { id: button.id, title: button.title } });
    return html`<div class="replies" role="group" aria-label=${t("choices")}>
      ${buttons.map((button) =>
        button.id === answered
          ? html`<button type="button" class="is-chosen" disabled aria-label=${t("chosen", { title: button.title })}>${CHECK}${button.title}</button>`
          : html`<button type="button" ?disabled=${!is_open} @click=${reply(button)}>${button.title}</button>`,
      )}
    </div>`;
  }

  private renderFault(message: MessageView): TemplateResult {
    const { t } = this.voice;
    const client_id = message.client_id ?? "";
    return html`<div class="fault" role="alert">${ALERT}<span>${t("not_sent")}</span>
      <button type="button" @click=${() => emit(this, "retry", { client_id })}>${t("retry")}</button>
      <button type="button" @click=${() => emit(this, "discard", { client_id })}>${t("discard")}</button>
    </div>`;
  }

  /** "Sending", "Sent" or "Seen" under the customer's newest words; older ones have been read by all means. */
  private renderStatus(row: GroupRow): TemplateResult | typeof nothing {
    const last = row.messages.at(-1);
    const newest = this.rows.findLast((other) => other.type === "group" && other.sender === "customer");
    if (row !== newest || last === undefined || last.status === "failed") return nothing;
    const { t } = this.voice;
    if (last.status === "pending") return html`<span>· ${t("sending")}</span>`;
    const is_seen = this.agent_read_seq >= (last.seq ?? Number.POSITIVE_INFINITY);
    if (is_seen && this.owner.kind === "agent") return html`<span>· ${t("seen")}</span>`;
    return row === this.rows.at(-1) ? html`<span>· ${t("sent")}</span>` : nothing;
  }

  private renderLine(row: LineRow): TemplateResult {
    const text = systemText(row.entry, this.voice, this.assistant_name);
    const time = html`<time datetime=${row.at.toISOString()}>${this.voice.time(row.at)}</time>`;
    if (row.tone === "boundary") return html`<div class="boundary row-new"><p>${text} · ${time}</p></div>`;
    if (row.tone === "info") return html`<p class="info row-new">${text}</p>`;
    const { seq, buttons, answered_button } = row.entry;
    return html`<div class="note row-new ${row.tone}">${row.tone === "ticket" ? TICKET : ALERT}
      <div class="body"><p>${this.renderText(text)}</p>${this.renderReplies(seq, buttons, answered_button, row.is_open)}</div></div>`;
  }

  private renderQueue(): TemplateResult {
    const { t } = this.voice;
    const { position, wait_minutes } = this.owner;
    const place =
      position === null
        ? t("queue_waiting")
        : position <= 1
          ? t("queue_first")
          : t("queue_position", { position });
    const wait =
      wait_minutes === null
        ? t("queue_wait_unknown")
        : t("queue_wait", { count: Math.max(1, Math.round(wait_minutes)) });
    return html`<div class="queue row-new" role="status">${CLOCK}
      <div><strong>${place}</strong><p>${wait}</p><p class="hint">${t("queue_hint")}</p></div></div>`;
  }

  /** Its room is always kept, so that nothing jumps when somebody starts to write. */
  private renderComing(): TemplateResult {
    const dots = this.dots;
    return html`<div class="coming" aria-hidden="true">
      ${dots === null ? nothing : html`${picture(dots, this.owner.agent_name ?? "")}<span class="dots ${dots}"><i></i><i></i><i></i></span>`}
    </div>`;
  }

  private renderLatest(): TemplateResult {
    const { t } = this.voice;
    const count = this.new_count;
    const label = count === 0 ? t("to_latest") : t("new_messages", { count });
    return html`<button type="button" class="latest ${count === 0 ? "is-plain" : ""}" aria-label=${count === 0 ? label : `${label}. ${t("to_latest")}`}
      @click=${() => this.toEnd("smooth")}>${DOWN}${count === 0 ? nothing : label}</button>`;
  }

  private nameOf(row: GroupRow): string {
    if (row.sender === "customer") return this.voice.t("you");
    if (row.sender === "bot") return row.name || this.assistant_name || this.voice.t("assistant");
    return row.name ? firstName(row.name) : this.voice.t("agent");
  }

  private nameOfTyping(): string {
    if (this.dots === "agent") return firstName(this.owner.agent_name ?? this.voice.t("agent"));
    return this.assistant_name || this.voice.t("assistant");
  }
}
