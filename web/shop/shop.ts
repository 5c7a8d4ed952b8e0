/** The demo shop: picks a language and a customer, and tells the widget about both. */
import type { CarelineApi, QueuedCall } from "../widget/bridge";
import { CHINESE } from "./words";

const CUSTOMER_KEY = "shop:customer";
const LANGUAGE_KEY = "shop:language";

declare global {
  interface Window {
    Careline?: CarelineApi | QueuedCall[];
  }
}

/** Works before the widget's script has run and after: a plain array first, the real thing later. */
function careline(...call: QueuedCall): void {
  window.Careline ??= [];
  window.Careline.push(call);
}

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const english = new Map<Element, { text: string | null; label: string | null }>();

function speak(language: string): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const part of document.querySelectorAll<HTMLElement>("[data-t], [data-t-label]")) {
    const { t = "", tLabel = "" } = part.dataset;
    const first = english.get(part) ?? { text: part.textContent, label: part.getAttribute("aria-label") };
    english.set(part, first);
    const is_chinese = language === "zh";
    if (t !== "") part.textContent = is_chinese ? (CHINESE[t] ?? first.text) : first.text;
    if (tLabel !== "") part.setAttribute("aria-label", (is_chinese ? CHINESE[tLabel] : first.label) ?? "");
  }
  careline("setLocale", language);
}

/** Ask the shop's server to sign who this is; a real shop does so for the customer who is logged in. */
async function fetchIdentity(email: string): Promise<string | null> {
  const response = await fetch("/demo/identity", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email }),
  });
  if (!response.ok) return null;
  const { identity } = (await response.json()) as { identity: string };
  return identity;
}

/** One customer's conversation is nobody else's: sign out before the next one signs in. */
async function switchTo(email: string): Promise<void> {
  localStorage.setItem(CUSTOMER_KEY, email);
  const identity = email === "" ? null : await fetchIdentity(email);
  careline("identify", null);
  if (identity !== null) careline("identify", identity);
}

async function goOnAs(email: string): Promise<void> {
  const identity = await fetchIdentity(email);
  if (identity !== null) careline("identify", identity);
}

const customer = element("customer", HTMLSelectElement);
const language = element("language", HTMLSelectElement);

customer.value = localStorage.getItem(CUSTOMER_KEY) ?? "";
customer.addEventListener("change", () => void switchTo(customer.value));
if (customer.value !== "") void goOnAs(customer.value);

language.value = localStorage.getItem(LANGUAGE_KEY) ?? (navigator.language.startsWith("zh") ? "zh" : "en");
language.addEventListener("change", () => {
  localStorage.setItem(LANGUAGE_KEY, language.value);
  speak(language.value);
});
speak(language.value);

element("ask", HTMLButtonElement).addEventListener("click", () => careline("open"));
