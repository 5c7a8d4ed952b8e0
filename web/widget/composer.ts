import { html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import type { OwnerKind } from "../shared/wire";
import base_css from "./base.css?inline";
import composer_css from "./composer.css?inline";
import { emit } from "./events";
import type { Voice } from "./format";
import { BACK, PERSON, SEND } from "./icons";

/** "Is typing" is said at most this often while somebody types ... */
export const TYPING_REPEAT_MS = 3_000;
/** ... and taken back after this much silence. */
export const TYPING_END_MS = 5_000;
/** From this share of the limit on, the characters left are shown. */
const COUNT_FROM = 0.9;
/** What browsers report for a key that an input method is still using (Safari does so after composition has ended). */
const KEYCODE_IN_COMPOSITION = 229;

/** Where the customer writes, asks for a person and leaves one. */
export class CarelineComposer extends LitElement {
  static override styles = [unsafeCSS(base_css), unsafeCSS(composer_css)];
  static override properties = {
    voice: { attribute: false },
    owner_kind: { attribute: false },
    agent_name: { attribute: false },
    assistant_name: { attribute: false },
    is_asking: { attribute: false },
    max_chars: { attribute: false },
    text: { state: true },
    is_confirming: { state: true },
  };

  declare voice: Voice;
  declare owner_kind: OwnerKind;
  declare agent_name: string;
  declare assistant_name: string;
  /** Whether a wish for a person is on its way. */
  declare is_asking: boolean;
  declare max_chars: number;
  declare private text: string;
  declare private is_confirming: boolean;
  private typing_said_ms = 0;
  private typing_end: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.text = "";
    this.agent_name = this.assistant_name = "";
    this.is_asking = this.is_confirming = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.typing_end);
  }

  override focus(): void {
    this.field?.focus();
  }

  /** Put back a draft. */
  restore(text: string): void {
    this.text = text;
  }

  private get field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector("textarea");
  }

  private get length(): number {
    return [...this.text.trim()].length;
  }

  private get canSend(): boolean {
    return this.length > 0 && this.length <= this.max_chars;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("owner_kind")) this.is_confirming = false;
  }

  protected override updated(): void {
    const field = this.field;
    if (field === null) return;
    if (field.value !== this.text) field.value = this.text;
    this.fit(field);
  }

  /** Grow with the text; from the height set in the style sheet on, it scrolls. */
  private fit(field: HTMLTextAreaElement): void {
    field.style.height = "";
    if (field.scrollHeight <= field.clientHeight) {
      field.style.overflowY = "";
      return;
    }
    field.style.height = `${field.scrollHeight}px`;
    field.style.overflowY = field.scrollHeight > field.clientHeight ? "auto" : "";
  }

  private readonly onInput = (event: InputEvent): void => {
    this.text = (event.currentTarget as HTMLTextAreaElement).value;
    emit(this, "draft", { text: this.text });
    this.sayTyping();
  };

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    const is_composing = event.isComposing || event.keyCode === KEYCODE_IN_COMPOSITION;
    if (event.key !== "Enter" || event.shiftKey || event.altKey || is_composing) return;
    event.preventDefault();
    this.send();
  };

  private readonly send = (): void => {
    if (!this.canSend) return;
    emit(this, "send", { text: this.text.trim() });
    this.text = "";
    emit(this, "draft", { text: "" });
    this.endTyping();
    this.field?.focus();
  };

  private sayTyping(): void {
    clearTimeout(this.typing_end);
    if (this.text.trim() === "") {
      this.endTyping();
      return;
    }
    this.typing_end = setTimeout(() => this.endTyping(), TYPING_END_MS);
    if (Date.now() - this.typing_said_ms < TYPING_REPEAT_MS) return;
    this.typing_said_ms = Date.now();
    emit(this, "typing", { is_typing: true });
  }

  private endTyping(): void {
    clearTimeout(this.typing_end);
    if (this.typing_said_ms === 0) return;
    this.typing_said_ms = 0;
    emit(this, "typing", { is_typing: false });
  }

  protected override render(): TemplateResult {
    const { t } = this.voice;
    const over = this.length - this.max_chars;
    return html`
      ${this.is_confirming ? this.renderConfirm() : nothing}
      <div class="box">
        <textarea rows="1" aria-label=${t("composer_label")} placeholder=${t("composer_placeholder")} enterkeyhint="send"
          autocomplete="off" aria-describedby="count" aria-invalid=${over > 0 ? "true" : "false"}
          @input=${this.onInput} @keydown=${this.onKeyDown} @blur=${() => this.endTyping()}></textarea>
        <button type="button" class="send" aria-label=${t("send")} aria-disabled=${this.canSend ? "false" : "true"}
          @pointerdown=${(event: Event) => event.preventDefault()} @click=${this.send}>${SEND}</button>
      </div>
      <div class="row">${this.renderPerson()}<span id="count" class="count ${over > 0 ? "is-over" : ""}" role="status">${this.countText(over)}</span></div>`;
  }

  private countText(over: number): string {
    const { t } = this.voice;
    if (over > 0) return t("too_long", { count: over });
    return this.length >= this.max_chars * COUNT_FROM ? t("chars_left", { count: Math.abs(over) }) : "";
  }

  private renderPerson(): TemplateResult {
    const { t } = this.voice;
    if (this.owner_kind === "agent" || this.owner_kind === "queue") {
      const label = this.owner_kind === "queue" ? t("leave_queue") : t("back_to_assistant");
      return html`<button type="button" class="plain" ?disabled=${this.is_confirming} @click=${() => {
        this.is_confirming = true;
      }}>${BACK}${label}</button>`;
    }
    const ask = () => emit(this, "requestperson", undefined);
    return html`<button type="button" class="plain" ?disabled=${this.is_asking} @click=${ask}>${PERSON}${t(this.is_asking ? "asking_for_person" : "talk_to_person")}</button>`;
  }

  private renderConfirm(): TemplateResult {
    const { t } = this.voice;
    const question =
      this.owner_kind === "queue"
        ? t("leave_queue_confirm")
        : t("leave_confirm", { name: this.agent_name || t("agent") });
    const answer = (is_leaving: boolean) => () => {
      this.is_confirming = false;
      if (is_leaving) emit(this, "leaveperson", undefined);
      this.focus();
    };
    return html`<div class="ask" role="group" aria-label=${question}><p>${question}</p>
      <button type="button" class="yes" @click=${answer(true)}>${t("leave_yes", { assistant: this.assistant_name || t("assistant") })}</button>
      <button type="button" @click=${answer(false)}>${t("leave_no")}</button></div>`;
  }
}
