import { html, type TemplateResult } from "lit";
import { initials } from "./format";
import { LEAF } from "./icons";

/** The square leaf of the assistant, or a person's round initials: told apart by shape before colour. */
export function picture(kind: "bot" | "agent", name: string): TemplateResult {
  return kind === "bot"
    ? html`<span class="picture bot" aria-hidden="true">${LEAF}</span>`
    : html`<span class="picture agent" aria-hidden="true">${initials(name)}</span>`;
}
