/** One run of a message's text: plain, or a link that passed the allow-list. */
export interface TextSegment {
  text: string;
  href: string | null;
}

const ALLOWED_PROTOCOLS = new Set(["https:", "http:", "mailto:", "tel:"]);

// What a person would call an address in running text. Trailing punctuation is cut off afterwards.
const CANDIDATE =
  /(?:https?:\/\/|www\.|mailto:|tel:)[^\s<>"'`，。；、！？）】」]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w/.])\/help\/[\w\-/#]+/gi;
const TRAILING = /[.,;:!?'")\]}*_]+$/;

/**
 * Check a link against the allow-list and return it in absolute form, or null.
 *
 * Allowed: https, http, mailto, tel, and paths of the desk's own site ("/help/returns", not "//elsewhere").
 * `base` is the desk's origin. Control characters and white space never pass: browsers strip them before they
 * read the scheme, so "java\nscript:" would.
 */
export function safeHref(href: string, base: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is being refused
  if (/[\u0000-\u0020\u007f\u00a0\u2028\u2029\\]/.test(href)) return null;
  if (href.startsWith("/")) return href.startsWith("//") ? null : resolve(href, base);
  const protocol = /^[a-z][a-z0-9+.-]*:/i.exec(href)?.[0].toLowerCase();
  if (protocol === undefined || !ALLOWED_PROTOCOLS.has(protocol)) return null;
  if (protocol.startsWith("http") && !/^https?:\/\/[^/?#]/i.test(href)) return null;
  return resolve(href, base);
}

function resolve(href: string, base: string): string | null {
  try {
    const url = new URL(href, base);
    const has_login = url.username !== "" || url.password !== "";
    return ALLOWED_PROTOCOLS.has(url.protocol) && !has_login ? url.href : null;
  } catch {
    return null;
  }
}

/** Split text into plain runs and links; joined again, the segments' texts are the text. */
export function linkify(text: string, base: string): TextSegment[] {
  const segments: TextSegment[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const found = trimmed(match[0]);
    const href = safeHref(asHref(found), base);
    if (href === null) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index), href: null });
    segments.push({ text: found, href });
    end = match.index + found.length;
  }
  if (end < text.length || segments.length === 0) segments.push({ text: text.slice(end), href: null });
  return segments;
}

function trimmed(candidate: string): string {
  const cut = candidate.replace(TRAILING, "");
  // An address that holds its own bracket, as Wikipedia's do, keeps it.
  const is_balanced = candidate.startsWith(`${cut})`) && cut.split("(").length > cut.split(")").length;
  return is_balanced ? `${cut})` : cut;
}

function asHref(found: string): string {
  if (/^www\./i.test(found)) return `https://${found}`;
  if (/^[\w.+-]+@/.test(found)) return `mailto:${found}`;
  return found;
}
