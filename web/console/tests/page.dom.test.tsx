import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { memoryStorage } from "../../shared/storage";
import "../styles/index.css";
import "../styles/mantine.css";
import { App } from "../ui/app";
import { buildAgentEntry, golden, MAYA_ID, SAM_ID, Stand } from "./stand";

let stand: Stand;

beforeAll(async () => {
  await page.viewport(1440, 900);
  // Colours are measured where they end, not on their way.
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [still];
});
beforeEach(() => {
  location.hash = "";
  stand = new Stand(memoryStorage(), "real");
});
afterEach(cleanup);

async function open(hash = `#/waiting/${MAYA_ID}`): Promise<void> {
  location.hash = hash;
  render(<App console={stand.console} storage={memoryStorage()} />);
  await stand.console.start();
  await waitFor(() => expect(stand.sockets).toHaveLength(1));
  stand.greet();
}

/** The conversation is Sam's own, who is signed in. */
function makeMine(): void {
  const owner = { kind: "agent", agent_id: SAM_ID, agent_name: "Sam" };
  stand.desk.on(`GET /conversations/${MAYA_ID}`, {
    ...golden("http_conversation"),
    owner,
    viewers: [],
    version: 3,
  });
}

async function openMine(): Promise<HTMLTextAreaElement> {
  makeMine();
  await open(`#/mine/${MAYA_ID}`);
  return screen.findByLabelText<HTMLTextAreaElement>("Reply to Maya Jansen");
}

const button = (name: string | RegExp) => screen.findByRole("button", { name });

async function violations(): Promise<string[]> {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

describe("signing in", () => {
  test("a wrong password says so, and the right one opens the list", async () => {
    stand.desk.on("GET /me", { code: "unauthorized", message: "", details: {} }, 401);
    stand.desk.on("POST /login", { code: "wrong_credentials", message: "", details: {} }, 401);
    render(<App console={stand.console} storage={memoryStorage()} />);
    await stand.console.start();
    await userEvent.fill(await screen.findByLabelText("Email"), "sam@example.com");
    await userEvent.fill(screen.getByLabelText("Password"), "no");
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toMatch(/do not belong/));
    expect(await violations()).toEqual([]);
    stand.desk.on("POST /login", golden("http_login_response"));
    await userEvent.fill(screen.getByLabelText("Password"), "a long pass phrase");
    await userEvent.keyboard("{Enter}");
    await screen.findByRole("link", { name: /Maya Jansen/ });
  });

  test("a session that ends asks again over the page and keeps the draft", async () => {
    await userEvent.fill(await openMine(), "half written");
    stand.socket.drop(4401);
    const dialog = await screen.findByRole("dialog");
    expect(await violations()).toEqual([]);
    await userEvent.fill(within(dialog).getByLabelText("Password"), "a long pass phrase");
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(screen.getByLabelText<HTMLTextAreaElement>("Reply to Maya Jansen").value).toBe("half written");
  });
});

describe("the page", () => {
  test("is accessible with a conversation open, in light and dark", async () => {
    await open();
    await screen.findByRole("log");
    await waitFor(() => expect(screen.getByText("Late parcel NL-10245")).toBeDefined());
    expect(await violations()).toEqual([]);
    document.documentElement.dataset.theme = "dark";
    expect(await violations()).toEqual([]);
    document.documentElement.dataset.theme = "light";
  });

  test("an empty list says where to look instead", async () => {
    stand.desk.on("GET /conversations", { items: [], next_cursor: null });
    stand.desk.on("GET /overview", { ...golden("http_overview"), waiting: 0, bot: 14 });
    await open("#/waiting");
    await screen.findByText("Nobody is waiting");
    await screen.findByText(/The bot has 14 conversations/);
    expect(await violations()).toEqual([]);
  });

  test("a list that cannot be loaded says so and can be tried again", async () => {
    stand.desk.goAway("GET /conversations");
    await open("#/waiting");
    await screen.findByText("The list could not be loaded.");
    stand.desk.on("GET /conversations", { items: [golden("http_conversation")], next_cursor: null });
    await userEvent.click(await button("Try again"));
    await screen.findByRole("link", { name: /Maya Jansen/ });
  });

  test("a customer's text stays text", async () => {
    const entry = buildAgentEntry(5, {
      kind: "customer",
      text: '<img src=x onerror="alert(1)"> javascript:alert(1)',
    });
    stand.desk.on(`GET /conversations/${MAYA_ID}`, {
      ...golden("http_conversation"),
      entries: [{ ...entry, trace: null }],
    });
    await open();
    await screen.findByText(/<img src=x/);
    expect(document.querySelector(".log img")).toBeNull();
    expect(document.querySelector('.log a[href^="javascript"]')).toBeNull();
  });

  test("what the customer said of an answer stands under it", async () => {
    stand.desk.on(`GET /conversations/${MAYA_ID}`, {
      ...golden("http_conversation"),
      entries: [golden("server_entry_bot_sources_rated").entry],
    });
    await open();
    await screen.findByText("This did not help, says the customer");
    expect(await violations()).toEqual([]);
  });

  test("a trace is one line that opens in place", async () => {
    await open();
    const line = await button(/order_late 0.93 · rule · 22 ms/);
    expect(line.getAttribute("aria-expanded")).toBe("false");
    await userEvent.click(line);
    expect(line.getAttribute("aria-expanded")).toBe("true");
    await screen.findByText("action_order_late");
    await screen.findByText("my parcel is late");
    await screen.findByText("second: order_status −0.89 · familiar 1.87 ≥ 1.61");
    expect(await violations()).toEqual([]);
  });
});

describe("why", () => {
  const WHY = `GET /conversations/${MAYA_ID}/entries/2/explanation`;

  async function askWhy(): Promise<HTMLElement> {
    await open();
    await userEvent.click(await button(/order_late 0.93/));
    await userEvent.click(await button("Why?"));
    return screen.findByRole("group", { name: "Why it was understood so" });
  }

  test("is asked only when somebody wants to know, and marks the words for eyes and ears", async () => {
    stand.desk.on(WHY, golden("http_explanation"));
    const why = await askWhy();
    await within(why).findByText("What speaks for order_late");
    expect(stand.desk.askedFor(WHY)).toHaveLength(1);
    const strong = why.querySelector(".weighed.for.strength-3");
    expect(strong?.textContent).toBe("10245 (strongly for it) +++");
    const against = why.querySelector(".weighed.against");
    expect(against?.textContent).toBe("Where (slightly against it) −");
    expect(getComputedStyle(against as Element).textDecorationStyle).toBe("dashed");
    within(why).getByText("Why not order_status?");
    within(why).getByText("0.89 less likely than order_late");
    within(why).getByText("rather order_late: 10245 +3.50");
    within(why).getByText("rather order_status: Where +1.52");
    within(why).getByText("where is my parcel now");
    await waitFor(() => expect(document.activeElement).toBe(why));
    expect(within(why).queryByText(/Another model/)).toBeNull();
    expect(await violations()).toEqual([]);
    document.documentElement.dataset.theme = "dark";
    expect(await violations()).toEqual([]);
    document.documentElement.dataset.theme = "light";
  });

  test("says that another model answers now, and what it makes of the message", async () => {
    const other = { is_same_model: false, intent: "refund_status", words_together: 4, is_whole: false };
    stand.desk.on(WHY, { ...golden("http_explanation"), ...other });
    const why = await askWhy();
    await within(why).findByText("Another model answers now than when the customer wrote this.");
    within(why).getByText("The message as a whole is now understood as refund_status.");
    within(why).getByText(/weighed 4 words at a time. The bot does not read beyond this./);
    expect(await violations()).toEqual([]);
  });

  test("an engine that is away or slow says so, and can be asked again", async () => {
    stand.desk.on(WHY, { code: "engine_slow", message: "", details: {} }, 502);
    const why = await askWhy();
    await within(why).findByText("The bot did not answer in time.");
    expect(await violations()).toEqual([]);
    stand.desk.goAway(WHY);
    await userEvent.click(within(why).getByRole("button", { name: "Try again" }));
    await within(why).findByText("The desk could not be reached.");
    stand.desk.on(WHY, golden("http_explanation"));
    await userEvent.click(within(why).getByRole("button", { name: "Try again" }));
    await within(why).findByText("What speaks for order_late");
    expect(within(why).queryByRole("alert")).toBeNull();
  });

  test("what cannot be explained offers no second try", async () => {
    const details = { reason: "button" };
    stand.desk.on(WHY, { code: "nothing_to_explain", message: "", details }, 409);
    const why = await askWhy();
    await within(why).findByText(/there is nothing to explain/);
    expect(within(why).queryByRole("button")).toBeNull();
  });

  test("Chinese and emoji stand as they were written, markup stays text", async () => {
    const word = (text: string, is_spaced = false) => ({
      word: text,
      is_spaced,
      for_first: 0,
      for_second: 0,
    });
    const words = ["我", "的", "订", "单"].map((text) => word(text));
    words.push(word("👍🏽", true), word("<img src=x>", true));
    stand.desk.on(WHY, { ...golden("http_explanation"), words });
    const why = await askWhy();
    await within(why).findByText("我的订单 👍🏽 <img src=x>");
    expect(why.querySelector("img")).toBeNull();
  });
});

describe("claiming", () => {
  test("two agents at once: the second one reads who has it", async () => {
    stand.desk.on(`POST /conversations/${MAYA_ID}/claim`, golden("http_error_taken"), 409);
    await open();
    await screen.findByRole("log");
    await userEvent.keyboard("a");
    await screen.findByText("Sam already has this conversation.");
    await waitFor(() =>
      expect(stand.desk.askedFor(`GET /conversations/${MAYA_ID}`).length).toBeGreaterThan(1),
    );
  });

  test("whoever gets it can write at once", async () => {
    await open();
    await screen.findByRole("log");
    await userEvent.keyboard("a");
    const box = await screen.findByLabelText("Reply to Maya Jansen");
    await waitFor(() => expect(document.activeElement).toBe(box));
    expect(location.hash).toBe(`#/mine/${MAYA_ID}`);
  });
});

describe("writing", () => {
  test("a reply that fails stays with a retry that works", async () => {
    stand.desk.goAway(`POST /conversations/${MAYA_ID}/reply`);
    await userEvent.fill(await openMine(), "I will refund it.");
    await userEvent.keyboard("{Enter}");
    await screen.findByText("Not sent: the desk could not be reached.");
    expect(await violations()).toEqual([]);
    stand.desk.on(`POST /conversations/${MAYA_ID}/reply`, golden("http_reply_response"));
    await userEvent.click(await button("Retry"));
    await waitFor(() => expect(screen.queryByText(/Not sent/)).toBeNull());
  });

  test("a note is kept apart from the reply: its own text, look, label and address", async () => {
    stand.desk.on(`POST /conversations/${MAYA_ID}/note`, golden("http_reply_response"));
    await userEvent.fill(await openMine(), "to the customer");
    await userEvent.click(screen.getByRole("radio", { name: "Internal note" }));
    const note = await screen.findByLabelText<HTMLTextAreaElement>("Internal note: Only your team sees this");
    expect(note.value).toBe("");
    await userEvent.fill(note, "for us");
    expect(await violations()).toEqual([]);
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/note`)).toHaveLength(1));
    expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/reply`)).toEqual([]);
    await userEvent.click(screen.getByRole("radio", { name: "Reply" }));
    expect(screen.getByLabelText<HTMLTextAreaElement>("Reply to Maya Jansen").value).toBe("to the customer");
  });

  test("the bot's draft is offered and only sent when the agent does", async () => {
    await openMine();
    stand.socket.say(golden("server_entry_draft"));
    await screen.findByText("The bot would answer");
    (document.activeElement as HTMLElement | null)?.blur();
    await userEvent.keyboard("s");
    const box = await screen.findByLabelText<HTMLTextAreaElement>("Reply to Maya Jansen");
    await waitFor(() => expect(box.value).toBe("Your parcel arrives tomorrow."));
    expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/reply`)).toEqual([]);
  });

  test("a ticket begins with the brief", async () => {
    await openMine();
    await userEvent.keyboard("t");
    const subject = await screen.findByLabelText<HTMLInputElement>("Subject");
    expect(subject.value).toBe("Order NL-10245 is late; wants to know why.");
    expect(await violations()).toEqual([]);
  });

  test("back to the bot asks where to go on", async () => {
    stand.desk.on(`POST /conversations/${MAYA_ID}/return`, {
      ...(golden("server_summary_bot").summary as object),
      version: 4,
    });
    await openMine();
    await userEvent.keyboard("b");
    await userEvent.click(await button(/Go on with “Return”/));
    await waitFor(() =>
      expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/return`)[0]?.body).toEqual({
        mode: "resume",
        version: 3,
      }),
    );
  });
});

describe("keys", () => {
  test("Escape goes one level back at a time", async () => {
    const box = await openMine();
    await userEvent.keyboard("r");
    await waitFor(() => expect(document.activeElement).toBe(box));
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(document.activeElement).not.toBe(box));
    await userEvent.keyboard("?");
    await screen.findByRole("dialog", { name: "Keyboard" });
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(location.hash).toBe(`#/mine/${MAYA_ID}`);
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(location.hash).toBe("#/mine"));
  });

  test("J opens the next conversation and 3 the bot's view", async () => {
    await open("#/waiting");
    await screen.findByRole("link", { name: /Maya Jansen/ });
    await userEvent.keyboard("j");
    await waitFor(() => expect(location.hash).toBe(`#/waiting/${MAYA_ID}`));
    await userEvent.keyboard("3");
    await waitFor(() => expect(location.hash).toBe("#/bot"));
  });

  test("E resolves, and Z takes it back", async () => {
    await openMine();
    await userEvent.keyboard("e");
    await screen.findByText("Resolving Maya Jansen …");
    await userEvent.keyboard("z");
    await waitFor(() => expect(screen.queryByText("Resolving Maya Jansen …")).toBeNull());
    expect(stand.desk.askedFor(`POST /conversations/${MAYA_ID}/resolve`)).toEqual([]);
  });
});
