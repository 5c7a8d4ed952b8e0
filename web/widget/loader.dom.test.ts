import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../shared/testing";
import type { CarelineApi, QueuedCall } from "./bridge";

const page = window as unknown as { Careline?: CarelineApi | QueuedCall[] };
let runs = 0;

/** Run the script once more, as a second script element would. */
async function load(): Promise<CarelineApi> {
  await import(/* @vite-ignore */ `./loader.ts?run=${++runs}`);
  return page.Careline as CarelineApi;
}

const host = () => document.querySelector<HTMLElement>("careline-widget");
const launcher = () => {
  const found = host()?.shadowRoot?.querySelector<HTMLButtonElement>(".launcher");
  if (!found) throw new Error("there is no launcher");
  return found;
};
const panel = () => host()?.shadowRoot?.querySelector("careline-panel") ?? null;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  delete page.Careline;
  document.documentElement.lang = "en";
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no desk here")));
});

afterEach(() => {
  if (page.Careline !== undefined && "destroy" in page.Careline) page.Careline.destroy();
  vi.unstubAllGlobals();
});

test("the launcher is there at once, as a button with a name", async () => {
  await load();
  expect(launcher().getAttribute("aria-label")).toBe("Open chat");
  expect(launcher().getAttribute("aria-expanded")).toBe("false");
});

test("calls made before the script came are carried out in order", async () => {
  const opened = vi.fn();
  page.Careline = [
    ["on", "open", opened],
    ["setLocale", "zh"],
    ["noSuchCall"],
    ["open"],
  ] as unknown as QueuedCall[];
  await load();
  expect(launcher().getAttribute("aria-label")).toContain("聊天");
  await eventually(() => expect(opened).toHaveBeenCalledOnce());
});

test("a second copy of the script changes nothing", async () => {
  const first = await load();
  expect(await load()).toBe(first);
  expect(document.querySelectorAll("careline-widget")).toHaveLength(1);
});

test("it comes back when a page router replaces the body", async () => {
  await load();
  const old = document.body;
  const next = document.createElement("body");
  document.documentElement.replaceChild(next, old);
  await eventually(() => expect(host()?.parentElement).toBe(next));
  next.replaceWith(old);
});

describe("opening and closing", () => {
  test("the panel opens, takes the focus, and gives it back on Escape", async () => {
    const api = await load();
    api.open();
    await eventually(() => expect(panel()).not.toBeNull());
    await eventually(() => expect(host()?.shadowRoot?.activeElement).toBe(panel()));
    panel()
      ?.shadowRoot?.querySelector(".panel")
      ?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, composed: true }));
    expect(panel()).toBeNull();
    expect(host()?.shadowRoot?.activeElement).toBe(launcher());
  });

  test("without a desk there is a greeting, and what is written stays", async () => {
    const api = await load();
    api.open();
    await eventually(() => expect(panel()).not.toBeNull());
    const composer = () => panel()?.shadowRoot?.querySelector("careline-composer")?.shadowRoot;
    await eventually(() => expect(composer()?.querySelector("textarea")).toBeTruthy());
    const field = composer()?.querySelector("textarea") as HTMLTextAreaElement;
    field.value = "hello?";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    const bubbles = () =>
      [
        ...(panel()?.shadowRoot?.querySelector("careline-log")?.shadowRoot?.querySelectorAll(".bubble") ??
          []),
      ].map((bubble) => bubble.textContent);
    await eventually(() => expect(bubbles()).toEqual(["Hello! How can I help you today?", "hello?"]));
    expect(Object.keys(localStorage).some((key) => key.startsWith("careline:outbox:"))).toBe(true);
  });

  test("a draft is there again after closing and opening", async () => {
    localStorage.setItem("careline:draft", "half a thou");
    const api = await load();
    api.open();
    const field = () =>
      panel()?.shadowRoot?.querySelector("careline-composer")?.shadowRoot?.querySelector("textarea")?.value;
    await eventually(() => expect(field()).toBe("half a thou"));
  });
});

test("the theme is the page's choice, else the system's", async () => {
  const api = await load();
  api.setTheme("dark");
  expect(host()?.dataset.theme).toBe("dark");
  api.setTheme("light");
  expect(host()?.dataset.theme).toBe("light");
  api.setTheme("auto");
  expect(host()?.dataset.theme).toBe(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
});

test("a listener that throws does not stop the others", async () => {
  const api = await load();
  const second = vi.fn();
  const reported = vi.fn((event: Event) => event.preventDefault());
  addEventListener("error", reported);
  api.on("open", () => {
    throw new Error("the page's own mistake");
  });
  api.on("open", second);
  api.open();
  await eventually(() => expect(second).toHaveBeenCalled());
  expect(reported).toHaveBeenCalled();
  removeEventListener("error", reported);
});

test("destroy leaves nothing behind", async () => {
  const api = await load();
  api.destroy();
  expect(host()).toBeNull();
  expect(page.Careline).toBeUndefined();
});
