import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

function icon(paths: SVGTemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false" fill="none"
    stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${paths}</svg>`;
}

export const CLOSE = icon(svg`<path d="m6 6 12 12M18 6 6 18"/>`);
export const ENLARGE = icon(svg`<path d="M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7"/>`);
export const SHRINK = icon(svg`<path d="M20 10h-6V4M14 10l7-7M4 14h6v6M10 14l-7 7"/>`);
export const SEND = icon(svg`<path d="M12 19V5M5.5 11.5 12 5l6.5 6.5"/>`);
export const PERSON = icon(
  svg`<circle cx="12" cy="8" r="3.6"/><path d="M5 19.500c.8-3.6 3.5-5.5 7-5.500s6.2 1.9 7 5.5"/>`,
);
export const BACK = icon(svg`<path d="M9 7 4 12l5 5M4.5 12H15a5 5 0 0 1 5 5v1"/>`);
export const DOWN = icon(svg`<path d="M12 5v14M5.5 12.5 12 19l6.5-6.5"/>`);
export const CHECK = icon(svg`<path d="m5 12.5 4.5 4.500L19 7.5"/>`);
export const ALERT = icon(svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.800v5M12 16.200v.01"/>`);
export const CLOCK = icon(svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.500V12l3 2"/>`);
export const TICKET = icon(
  svg`<path d="M4 8a1.5 1.5 0 0 1 1.5-1.500h13A1.5 1.5 0 0 1 20 8v2a2 2 0 0 0 0 4v2a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 16v-2a2 2 0 0 0 0-4Z"/><path d="M14 7v2M14 11v2M14 15v2"/>`,
);
export const PAGE = icon(
  svg`<path d="M7 3.500h7l4 4V19a1.5 1.5 0 0 1-1.5 1.500h-9.500A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.500Z"/><path d="M9 12h6M9 15.500h4M13.5 3.800V8H18"/>`,
);
export const THUMB_UP = icon(
  svg`<path d="M7.500 11 11 4.200c1.300 0 2.200 1 2.200 2.300V10h4.600a2 2 0 0 1 2 2.400l-1.200 6a2 2 0 0 1-2 1.600H7.500M7.500 11v9M7.500 11H4.200v9h3.300"/>`,
);
export const THUMB_DOWN = icon(
  svg`<path d="M16.500 13 13 19.800c-1.300 0-2.200-1-2.200-2.300V14H6.200a2 2 0 0 1-2-2.400l1.200-6A2 2 0 0 1 7.400 4h9.100M16.500 13V4M16.500 13h3.300V4h-3.300"/>`,
);
export const NEXT = icon(svg`<path d="m9.5 6 6 6-6 6"/>`);
/** The assistant's own mark: a leaf, so that nobody takes it for a face. */
export const LEAF = icon(
  svg`<path d="M5 19c0-9 5-13.5 14-14 .3 9-4.5 14-11 13.500M5 19c1.5-4 4.5-7 8.5-9"/>`,
);
