import axe from "axe-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { emptyLog, withEntry } from "../shared/conversation";
import type { OutboxItem } from "../shared/outbox";
import { buildEntry, eventually } from "../shared/testing";
import tokens from "../shared/tokens.css?inline";
import type { ClientState } from "../shared/widget-client";
import type { Entry, Owner, Settings } from "../shared/wire";
import { CarelineComposer } from "./composer";
import { buildVoice } from "./format";
import { CarelineLog, TYPING_DELAY_MS } from "./log";
import { CarelinePanel } from "./panel";

const SETTINGS: Settings = {
  brand_name: "Nook & Linden",
  assistant_name: "Linde",
  brand_color: null,
  greeting: "Hello, how can I help?",
  starters: [
    { id: "track", title: "Where is my order?" },
    { id: "return", title: "Return an item" },
  ],
  max_message_chars: 20,
  locale: "en",
};

beforeAll(() => {
  customElements.define("careline-log", CarelineLog);
  customElements.define("careline-composer", CarelineComposer);
  customElements.define("careline-panel", CarelinePanel);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokens);
  document.adoptedStyleSheets = [sheet];
  document.documentElement.lang = "en";
  document.title = "test";
});

let panel: CarelinePanel;
let heard: [string, unknown][];

function state(
  entries: Entry[] = [],
  fields: Partial<ClientState> = {},
  owner: Partial<Owner> = {},
): ClientState {
  const log = entries.reduce(withEntry, emptyLog("c"));
  return {
    connection: "live",
    settings: SETTINGS,
    log: { ...log, owner: { ...log.owner, ...owner } },
    outbox: [],
    typing: null,
    held_until_ms: null,
    ...fields,
  };
}

const say = (seq: number, text: string, fields: Partial<Entry> = {}) =>
  buildEntry(seq, { text, author: { id: "bot", name: "Linde" }, ...fields });
const own = (seq: number, text = "hi") => buildEntry(seq, { kind: "customer", text });
const line = (seq: number, code: string, params = {}) =>
  buildEntry(seq, { kind: "system", text: "fallback", code, params });
const pending = (fields: Partial<OutboxItem> = {}): OutboxItem => ({
  client_id: "P",
  body: { type: "post", text: "not there yet" },
  created_ms: Date.parse("2026-11-22T10:30:00Z"),
  status: "pending",
  refused_code: null,
  ...fields,
});

beforeEach(async () => {
  heard = [];
  panel = document.createElement("careline-panel") as CarelinePanel;
  panel.base = "https://desk.example";
  panel.voice = buildVoice("en", ["en-GB"]);
  panel.state = state();
  for (const name of [
    "send",
    "answer",
    "choose",
    "rate",
    "retry",
    "discard",
    "requestperson",
    "leaveperson",
    "shut",
    "typing",
  ]) {
    panel.addEventListener(`careline:${name}`, (event) => heard.push([name, (event as CustomEvent).detail]));
  }
  document.body.append(panel);
  await show(panel.state);
});

afterEach(() => {
  panel.remove();
  vi.useRealTimers();
});

async function show(next: ClientState): Promise<void> {
  panel.state = next;
  await panel.updateComplete;
  await panel.log?.updateComplete;
  await panel.composer?.updateComplete;
}

const inLog = <E extends Element = HTMLElement>(selector: string): E[] => [
  ...(panel.log?.renderRoot.querySelectorAll<E>(selector) ?? []),
];
const inComposer = <E extends Element = HTMLElement>(selector: string): E => {
  const found = panel.composer?.renderRoot.querySelector<E>(selector);
  if (!found) throw new Error(`the composer has no ${selector}`);
  return found;
};
const textOf = (element: Element | undefined) => element?.textContent?.replace(/\s+/g, " ").trim();
const field = () => inComposer<HTMLTextAreaElement>("textarea");

async function type(text: string): Promise<void> {
  field().value = text;
  field().dispatchEvent(new InputEvent("input", { bubbles: true }));
  await panel.composer?.updateComplete;
}

const press = (key: string, init: KeyboardEventInit = {}) =>
  field().dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true, ...init }),
  );

describe("for the keyboard and the screen reader", () => {
  test.each(["light", "dark"])("axe finds nothing to complain about, %s", async (theme) => {
    document.documentElement.dataset.theme = theme;
    await show(
      state(
        [
          own(1),
          say(2, "See https://a.example", {
            sources: [{ title: "Returns", url: "/help/r", section: "S", updated: "2026-10-01" }],
          }),
          say(3, "Which one?", {
            buttons: [
              { id: "b1", title: "This" },
              { id: "b2", title: "That" },
            ],
            answered_button: "b1",
          }),
          own(4),
          line(5, "queue_joined"),
          line(6, "agent_joined", { name: "Sam" }),
          buildEntry(7, { kind: "agent", text: "Hello", author: { id: "a", name: "Sam Smith" } }),
          line(8, "ticket_opened", { number: "T-1042" }),
          line(9, "apology"),
        ],
        { outbox: [pending(), pending({ client_id: "Q", status: "failed" })], typing: "agent" },
        { kind: "queue", position: 2, wait_minutes: 4 },
      ),
    );
    await type("a text that is much too long for this composer");
    await new Promise((resolve) => setTimeout(resolve, 400)); // what fades in has faded in
    const results = await axe.run(panel, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    expect(
      results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")}`),
    ).toEqual([]);
    delete document.documentElement.dataset.theme;
  });

  test("the log is a live region once the history is in place", async () => {
    await show(state([], { connection: "connecting" }));
    expect(inLog("[role=log]")[0]?.getAttribute("aria-live")).toBe("off");
    await show(state());
    expect(inLog("[role=log]")[0]?.getAttribute("aria-live")).toBe("polite");
  });

  test("every message says who said it and when", async () => {
    await show(state([own(1), say(2, "Hello")]));
    const labels = inLog("article").map((message) => message.getAttribute("aria-label"));
    expect(labels[0]).toMatch(/^You, \d\d:\d\d$/);
    expect(labels[1]).toMatch(/^Linde, \d\d:\d\d$/);
  });

  test("Escape closes", () => {
    press("Escape");
    expect(heard).toEqual([["shut", null]]);
  });

  test("every button has a name", async () => {
    await show(
      state([say(1, "?", { buttons: [{ id: "b", title: "Yes" }] })], {
        outbox: [pending({ status: "failed" })],
      }),
    );
    const roots = [panel.renderRoot, panel.log?.renderRoot, panel.composer?.renderRoot];
    const buttons = roots.flatMap((root) => [...(root?.querySelectorAll("button") ?? [])]);
    expect(buttons.length).toBeGreaterThan(6);
    for (const button of buttons) expect(button.getAttribute("aria-label") || textOf(button)).toBeTruthy();
  });

  test("somebody who types is announced in words", async () => {
    vi.useFakeTimers();
    await show(state([], { typing: "agent" }, { kind: "agent", agent_name: "Sofie van den Berg" }));
    expect(textOf(inLog("[role=status]").at(-1))).toBe("");
    vi.advanceTimersByTime(TYPING_DELAY_MS);
    await panel.log?.updateComplete;
    expect(textOf(inLog("[role=status]").at(-1))).toBe("Sofie is typing");
    expect(inLog(".dots")).toHaveLength(1);
  });
});

describe("the composer", () => {
  test("Enter sends what was written, trimmed, and empties the field", async () => {
    await type("  hello ");
    press("Enter");
    await panel.composer?.updateComplete;
    expect(heard).toContainEqual(["send", { text: "hello" }]);
    expect(field().value).toBe("");
  });

  test.each([{ shiftKey: true }, { isComposing: true }, { keyCode: 229 }, { altKey: true }])(
    "Enter with %j does not send",
    async (init) => {
      await type("ni hao");
      press("Enter", init);
      expect(heard.filter(([name]) => name === "send")).toEqual([]);
    },
  );

  test.each(["", "   ", "\n\n", "x".repeat(21)])("%j is not sent", async (text) => {
    await type(text);
    press("Enter");
    inComposer<HTMLButtonElement>(".send").click();
    expect(heard.filter(([name]) => name === "send")).toEqual([]);
  });

  test("characters are counted as people count them", async () => {
    await type("👍".repeat(20));
    expect(textOf(inComposer("#count"))).toBe("0 characters left");
    await type("👍".repeat(21));
    expect(textOf(inComposer("#count"))).toBe("1 character too many");
    expect(field().getAttribute("aria-invalid")).toBe("true");
  });

  test("it grows to five lines and then scrolls", async () => {
    const heights: number[] = [];
    for (const lines of [1, 3, 5, 9]) {
      await type(Array(lines).fill("x").join("\n"));
      heights.push(field().offsetHeight);
    }
    const [one = 0, three = 0, five = 0, nine = 0] = heights;
    expect(three - one).toBe(44);
    expect(five - three).toBe(44);
    expect(nine).toBe(five);
  });

  test("typing is said once per three seconds and taken back when it ends", async () => {
    vi.useFakeTimers();
    for (const text of ["h", "he", "hel"]) await type(text);
    vi.advanceTimersByTime(6_000);
    expect(heard).toEqual([
      ["typing", { is_typing: true }],
      ["typing", { is_typing: false }],
    ]);
  });

  test("a person is one press away while the assistant answers", () => {
    inComposer<HTMLButtonElement>(".plain").click();
    expect(heard).toEqual([["requestperson", null]]);
  });

  test("leaving a person asks once", async () => {
    await show(state([], {}, { kind: "agent", agent_name: "Sam" }));
    inComposer<HTMLButtonElement>(".plain").click();
    await panel.composer?.updateComplete;
    expect(heard).toEqual([]);
    expect(textOf(inComposer(".ask p"))).toBe("End the chat with Sam?");
    inComposer<HTMLButtonElement>(".ask .yes").click();
    expect(heard).toEqual([["leaveperson", null]]);
  });
});

describe("the log", () => {
  test("starts with a greeting and three things people want", async () => {
    expect(textOf(inLog(".bubble")[0])).toBe(SETTINGS.greeting);
    inLog<HTMLButtonElement>(".starters button")[1]?.click();
    expect(heard).toEqual([["choose", { id: "return", title: "Return an item" }]]);
    await show(state([own(1)]));
    expect(inLog(".starters")).toHaveLength(0);
  });

  test("markup in a message is text", async () => {
    const text = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    await show(state([say(1, text), own(2, text), line(3, "agent_joined", { name: text })]));
    expect(inLog("img, script")).toHaveLength(0);
    expect(inLog(".bubble")[1]?.textContent).toContain(text);
    expect("hacked" in window).toBe(false);
  });

  test("several sources are chips with their dates, one a page", async () => {
    const source = { title: "Returns", url: "/help/r", section: "Orders", updated: "2026-10-01" };
    const sources = [
      source,
      { ...source, section: "Other" },
      { ...source, title: "Costs", url: "/help/c", updated: null },
    ];
    await show(state([say(1, "x", { sources })]));
    const chips = inLog<HTMLAnchorElement>(".sources a");
    expect(chips.map((chip) => chip.querySelector("span")?.textContent)).toEqual([
      "Returns · Orders",
      "Costs · Orders",
    ]);
    expect(chips.map((chip) => chip.querySelector("time")?.dateTime ?? null)).toEqual(["2026-10-01", null]);
    expect(chips[0]?.getAttribute("aria-label")).toContain("2026");
  });

  test("a source that is no safe link is left out", async () => {
    const source = { title: "Returns", section: null, updated: null };
    await show(
      state([
        say(1, "x", {
          sources: [
            { ...source, url: "/help/r" },
            { ...source, url: "javascript:alert(1)" },
          ],
        }),
      ]),
    );
    const links = inLog<HTMLAnchorElement>(".sources a");
    expect(links.map((link) => link.href)).toEqual(["https://desk.example/help/r"]);
    expect(links[0]?.rel).toContain("noopener");
  });

  test("a source without an address is named without a link, and the answer can be rated", async () => {
    const source = { title: "Manual", url: "", section: null, updated: "2026-10-01" };
    await show(state([say(1, "x", { sources: [source, source] })]));
    expect(inLog(".sources a")).toHaveLength(0);
    expect(inLog(".sources li").map((item) => item.querySelector("span span")?.textContent)).toEqual([
      "Manual",
    ]);
    expect(inLog<HTMLTimeElement>(".sources time")[0]?.dateTime).toBe("2026-10-01");
    expect(inLog(".vote")).toHaveLength(1);
  });

  test("whether an answer helped is asked once, by two buttons that keep what was said", async () => {
    const sources = [{ title: "Returns", url: "/help/r", section: null, updated: null }];
    await show(state([say(1, "30 days", { sources }), say(2, "no source"), own(3)]));
    expect(inLog(".vote")).toHaveLength(1);
    expect(inLog(".vote")[0]?.getAttribute("aria-label")).toBe("Was this helpful?");
    const [yes, no] = inLog<HTMLButtonElement>(".vote button");
    expect([yes, no].map((button) => button?.ariaLabel)).toEqual([
      "Yes, this helped",
      "No, this did not help",
    ]);
    yes?.click();
    expect(heard).toEqual([["rate", { seq: 1, is_helpful: true }]]);
    await show(state([say(1, "30 days", { sources, is_helpful: true })]));
    expect([yes, no].map((button) => button?.ariaPressed)).toEqual(["true", "false"]);
    expect(textOf(inLog(".vote [role=status]")[0])).toBe("Thank you");
    no?.click();
    yes?.click();
    expect(heard.slice(1)).toEqual([
      ["rate", { seq: 1, is_helpful: false }],
      ["rate", { seq: 1, is_helpful: null }],
    ]);
  });

  test("an answered button stays answered, and others can no longer be pressed", async () => {
    const buttons = [
      { id: "b1", title: "Yes" },
      { id: "b2", title: "No" },
    ];
    await show(state([say(1, "?", { buttons })]));
    inLog<HTMLButtonElement>(".replies button")[0]?.click();
    expect(heard).toEqual([["answer", { seq: 1, button: { id: "b1", title: "Yes" } }]]);
    await show(state([say(1, "?", { buttons, answered_button: "b1" }), own(2, "Yes")]));
    expect(inLog<HTMLButtonElement>(".replies button").every((button) => button.disabled)).toBe(true);
    expect(inLog(".is-chosen").map((button) => button.getAttribute("aria-label"))).toEqual(["Yes, chosen"]);
  });

  test("buttons go once the customer has written something else", async () => {
    await show(state([say(1, "?", { buttons: [{ id: "b1", title: "Yes" }] }), own(2)]));
    expect(inLog(".replies")).toHaveLength(0);
  });

  test("a message that was not sent says so and offers a retry", async () => {
    await show(state([], { outbox: [pending({ status: "failed" })] }));
    expect(textOf(inLog("[role=alert]")[0])).toBe("Not sent Retry Delete");
    inLog<HTMLButtonElement>("[role=alert] button")[0]?.click();
    expect(heard).toEqual([["retry", { client_id: "P" }]]);
  });

  test("a bubble is the same element before and after it was sent", async () => {
    await show(state([], { outbox: [pending()] }));
    const before = inLog("article").at(-1);
    await show(state([{ ...own(1, "not there yet"), client_id: "P", at: "2026-11-22T10:30:00Z" }]));
    expect(inLog("article").at(-1)).toBe(before);
  });

  test("the queue shows the place and an honest time", async () => {
    await show(state([], {}, { kind: "queue", position: 2, wait_minutes: 4 }));
    expect(textOf(inLog(".queue")[0])).toContain("You are number 2 in lineAbout 4 minutes");
    await show(state([], {}, { kind: "queue", position: 1, wait_minutes: null }));
    expect(textOf(inLog(".queue")[0])).toContain("You are next in lineWe cannot say");
  });

  test("who joined is a line with a time", async () => {
    await show(
      state(
        [line(1, "agent_joined", { name: "Sofie van den Berg" })],
        {},
        { kind: "agent", agent_name: "Sofie van den Berg" },
      ),
    );
    expect(textOf(inLog(".boundary")[0])).toMatch(/^Sofie joined · \d\d:\d\d$/);
    expect(textOf(panel.renderRoot.querySelector(".who") ?? undefined)).toBe(
      "SofieYou are talking to a person",
    );
  });

  test("the assistant does not seem to write while a person has the conversation", async () => {
    vi.useFakeTimers();
    await show(state([], { typing: "bot" }, { kind: "queue" }));
    vi.advanceTimersByTime(TYPING_DELAY_MS);
    await panel.log?.updateComplete;
    expect(inLog(".dots")).toHaveLength(0);
  });

  test("a code of the future shows the desk's own words", async () => {
    await show(state([line(1, "rocket_launched")]));
    expect(textOf(inLog(".info")[0])).toBe("fallback");
  });

  test("somebody who reads further up is not pulled down, but told what is new", async () => {
    const entries = Array.from({ length: 40 }, (_, i) => say(i + 1, `message ${i + 1}`));
    await show(state(entries));
    const scroll = inLog(".scroll")[0] as HTMLElement;
    scroll.scrollTop = 0;
    await eventually(() => expect(inLog(".latest")).toHaveLength(1));
    await show(state([...entries, say(41, "one"), say(42, "two"), say(43, "three")]));
    expect(textOf(inLog(".latest")[0])).toBe("3 new");
    expect(scroll.scrollTop).toBe(0);
  });
});
