import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { memoryStorage } from "../../shared/storage";
import type { JsonObject } from "../../shared/wire-reader";
import { App } from "../ui/app";
import "../styles/mantine.css";
import "../styles/index.css";
import { golden, MAYA_ID, Stand } from "./stand";

const GROUP_ID = "01KATESTGROUPSHOWROOM00001";
const QUESTION = "Is there a showroom where I can sit on the sofas?";
const ARTICLE = "/knowledge/articles/our-showroom";
const VERSION = golden("http_knowledge_team_article").version;
let stand: Stand;

beforeAll(async () => {
  await page.viewport(1440, 900);
  // Colours are measured where they end, not on their way.
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [still];
});

beforeEach(() => {
  document.documentElement.lang = "en";
  document.title = "test";
  stand = new Stand(memoryStorage(), "real");
  const { desk } = stand;
  desk.on("GET /knowledge/overview", golden("http_knowledge_overview"));
  desk.on("GET /knowledge/unanswered", golden("http_knowledge_unanswered"));
  desk.on(`GET /knowledge/unanswered/${GROUP_ID}`, golden("http_knowledge_group"));
  desk.on("GET /knowledge/outdated", golden("http_knowledge_outdated"));
  desk.on("GET /knowledge/sources", golden("http_knowledge_sources"));
  desk.on("GET /knowledge/articles", golden("http_knowledge_articles"));
  desk.on(`GET ${ARTICLE}`, golden("http_knowledge_team_article"));
});

afterEach(() => {
  cleanup();
  location.hash = "";
});

async function open(hash: string): Promise<void> {
  location.hash = hash;
  render(<App console={stand.console} storage={memoryStorage()} />);
  await stand.console.start();
  await waitFor(() => expect(stand.sockets).toHaveLength(1));
  stand.greet();
}

async function violations(): Promise<string[]> {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

async function isClean(): Promise<void> {
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = theme;
    expect(await violations()).toEqual([]);
  }
  document.documentElement.dataset.theme = "light";
}

describe("what had no answer", () => {
  test("is listed with how often it was asked, and opens with what came near and how it was asked", async () => {
    await open("#/knowledge/unanswered");
    const row = await screen.findByRole("link", { name: /Asked 12 times.*showroom/ });
    await userEvent.click(row);
    await screen.findByRole("heading", { name: QUESTION });
    expect(screen.getByText(/brought into the room/)).toBeDefined();
    const link = screen.getByRole("link", { name: /Open the conversation/ });
    expect(link.getAttribute("href")).toBe(`#/all/${MAYA_ID}`);
    await isClean();
  });

  test("becomes an article that begins with the question, its wordings and the nearest text", async () => {
    stand.desk.on("POST /knowledge/articles", { document_id: "team/showroom" }, 201);
    await open(`#/knowledge/unanswered/${GROUP_ID}`);
    await userEvent.click(await screen.findByRole("link", { name: "Write the article" }));
    const title = await screen.findByLabelText<HTMLInputElement>("Title");
    expect(title.value).toBe(QUESTION);
    expect(screen.getByLabelText<HTMLTextAreaElement>(/^Text/).value).toMatch(/^Sofas are brought/);
    // What holds a mark of something private is no question to teach with.
    expect(screen.getByLabelText<HTMLTextAreaElement>(/^How customers ask/).value).toBe(QUESTION);
    await isClean();
    await userEvent.fill(title, "Our showroom");
    await userEvent.fill(screen.getByLabelText(/^Text/), "In Utrecht.");
    await userEvent.click(screen.getByRole("button", { name: "Save the article" }));
    await screen.findByText("Saved. The bot knows it in a moment.");
    expect(stand.desk.askedFor("POST /knowledge/articles")[0]?.body).toMatchObject({
      title: "Our showroom",
      body: "In Utrecht.",
      questions: [QUESTION],
      group_id: GROUP_ID,
    });
    await waitFor(() => expect(location.hash).toBe("#/knowledge/unanswered"));
    await screen.findByText("Every question had an answer");
  });

  test("an article that is refused says why and nothing that was typed is lost", async () => {
    const refusal = {
      code: "document_rejected",
      message: "The article was not taken: it has no text.",
      details: {},
    };
    stand.desk.on("POST /knowledge/articles", refusal, 400);
    await open(`#/knowledge/unanswered/${GROUP_ID}/write`);
    await userEvent.fill(await screen.findByLabelText("Title"), "half done");
    await userEvent.click(screen.getByRole("button", { name: "Save the article" }));
    await screen.findByText(/it has no text/);
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(location.hash).toBe(`#/knowledge/unanswered/${GROUP_ID}`));
    await userEvent.click(await screen.findByRole("link", { name: "Write the article" }));
    expect((await screen.findByLabelText<HTMLInputElement>("Title")).value).toBe("half done");
  });

  test("is set aside, and what was set aside leaves the list", async () => {
    stand.desk.on(`POST /knowledge/unanswered/${GROUP_ID}/status`, {
      ...golden("http_knowledge_group"),
      status: "dismissed",
    });
    await open(`#/knowledge/unanswered/${GROUP_ID}`);
    await userEvent.click(await screen.findByRole("button", { name: "Needs no article" }));
    await screen.findByText("Every question had an answer");
    expect(stand.desk.askedFor(`POST /knowledge/unanswered/${GROUP_ID}/status`)[0]?.body).toEqual({
      status: "dismissed",
    });
  });

  test("ten thousand questions are drawn a screen at a time", async () => {
    const group = golden("http_knowledge_group");
    const items = Array.from({ length: 10_000 }, (_, i) => ({ ...group, id: `g${i}`, asked: 10_000 - i }));
    stand.desk.on("GET /knowledge/unanswered", { items, next_cursor: null });
    await open("#/knowledge/unanswered");
    await screen.findAllByRole("link", { name: /showroom/ });
    expect(document.querySelectorAll(".question-row").length).toBeLessThan(60);
  });

  test("a list that cannot be loaded says so and can be tried again", async () => {
    stand.desk.goAway("GET /knowledge/unanswered");
    await open("#/knowledge/unanswered");
    await screen.findByText("This could not be loaded.");
    await isClean();
    stand.desk.on("GET /knowledge/unanswered", golden("http_knowledge_unanswered"));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByRole("link", { name: /showroom/ });
  });

  test("nothing to do teaches what will be here", async () => {
    stand.desk.on("GET /knowledge/unanswered", { items: [], next_cursor: null });
    await open("#/knowledge/unanswered");
    await screen.findByText("Every question had an answer");
    await isClean();
  });
});

describe("what is to be corrected", () => {
  test("shows both texts with what changed, and is ticked off", async () => {
    stand.desk.on("POST /knowledge/outdated/done", { count: 1 });
    await open("#/knowledge/outdated");
    const card = (await screen.findAllByRole("article"))[0] as HTMLElement;
    expect(within(card).getByText("Where is NL-10245?")).toBeDefined();
    expect([card.querySelector("del")?.textContent, card.querySelector("ins")?.textContent]).toEqual([
      "30 ",
      "14 ",
    ]);
    await isClean();
    await userEvent.click(within(card).getByRole("button", { name: "Mark as corrected" }));
    await waitFor(() => expect(screen.getAllByRole("article")).toHaveLength(1));
    expect(stand.desk.askedFor("POST /knowledge/outdated/done")[0]?.body).toEqual({
      items: [{ conversation_id: MAYA_ID, seq: 4, passage_id: "returns#0" }],
      is_done: true,
    });
  });

  test("a passage that is gone says so", async () => {
    await open("#/knowledge/outdated");
    await screen.findByText("This passage is gone.");
  });
});

describe("the sources", () => {
  test("show state, failures and votes, and contradictions side by side", async () => {
    stand.desk.on("POST /knowledge/refresh", { has_begun: true }, 202);
    await open("#/knowledge/sources");
    const row = await screen.findByRole("row", { name: /Articles of the installation/ });
    expect(within(row).getByText("Partly read")).toBeDefined();
    expect(within(row).getByText("14 helpful, 3 not helpful")).toBeDefined();
    expect(screen.getByText("Newer")).toBeDefined();
    expect(screen.getByText("Older")).toBeDefined();
    await isClean();
    await userEvent.click(screen.getByRole("button", { name: "Read again" }));
    await screen.findByText(/The sources are read again/);
  });
});

/** The article as somebody else saved it in the meantime. */
function newer() {
  return { ...golden("http_knowledge_team_article"), version: "77", body: "In Gent.", updated: "2026-11-22" };
}

async function openArticle(): Promise<HTMLTextAreaElement> {
  await open("#/knowledge/sources/our-showroom");
  return screen.findByLabelText<HTMLTextAreaElement>(/^Text/);
}

const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));

describe("the articles that the team wrote", () => {
  test("are listed, and one is opened, changed and saved", async () => {
    stand.desk.on(`PUT ${ARTICLE}`, newer());
    await open("#/knowledge/sources");
    const row = await screen.findByRole("row", { name: /Our showroom Everybody .* 2$/ });
    expect(screen.getByRole("row", { name: /When we pay Agents only/ })).toBeDefined();
    await isClean();
    await userEvent.click(within(row).getByRole("link", { name: "Our showroom" }));
    const text = await screen.findByLabelText<HTMLTextAreaElement>(/^Text/);
    expect(text.value).toBe("In Utrecht, every day from 10 to 18.");
    expect(screen.getByLabelText<HTMLInputElement>("Title").value).toBe("Our showroom");
    expect(screen.getByLabelText<HTMLInputElement>("Section").value).toBe("Visiting");
    expect(screen.getByRole("link", { name: /help.our-showroom/ })).toBeDefined();
    await userEvent.fill(text, "In Gent.");
    await screen.findByText(/not saved yet/);
    await isClean();
    await press("Save the article");
    await screen.findByText("Saved. The bot knows it in a moment.");
    expect(stand.desk.askedFor(`PUT ${ARTICLE}`)[0]?.body).toEqual({
      title: "Our showroom",
      section: "Visiting",
      audience: "public",
      language: "en",
      questions: ["is there a showroom?", "can I sit on the sofas somewhere?"],
      body: "In Gent.",
      version: VERSION,
    });
    await waitFor(() => expect(location.hash).toBe("#/knowledge/sources"));
  });

  test("changes are kept while one looks elsewhere, until they are discarded", async () => {
    await userEvent.fill(await openArticle(), "half done");
    await userEvent.keyboard("{Escape}");
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(location.hash).toBe("#/knowledge/sources"));
    await userEvent.click(await screen.findByRole("link", { name: "Our showroom" }));
    const text = await screen.findByLabelText<HTMLTextAreaElement>(/^Text/);
    expect(text.value).toBe("half done");
    await press("Discard my changes");
    expect(text.value).toBe("In Utrecht, every day from 10 to 18.");
    expect(screen.queryByText(/not saved yet/)).toBeNull();
  });

  test("a text that is too long says by how much before it is sent", async () => {
    const text = await openArticle();
    await userEvent.fill(text, "沙".repeat(40_002));
    await screen.findByText("2 characters too many");
    const save = screen.getByRole<HTMLButtonElement>("button", { name: "Save the article" });
    expect(save.disabled).toBe(true);
    await userEvent.fill(text, "沙".repeat(40_000));
    expect(save.disabled).toBe(false);
    await press("Discard my changes");
  });

  test("who was slower is told, loads the newer text and copies from the own one", async () => {
    stand.desk.on(`PUT ${ARTICLE}`, golden("http_knowledge_article_changed"), 409);
    const text = await openArticle();
    await userEvent.fill(text, "My long text.");
    await press("Save the article");
    await screen.findByText("Somebody else changed this article in the meantime.");
    expect(text.value).toBe("My long text.");
    await waitFor(() => expect(document.activeElement?.textContent).toMatch(/^Somebody else changed/));
    await isClean();
    stand.desk.on(`GET ${ARTICLE}`, newer());
    await press("Load the newer text");
    const own = await screen.findByLabelText<HTMLTextAreaElement>(/^Your text, not saved/);
    expect([own.value, text.value]).toEqual(["My long text.", "In Gent."]);
    await waitFor(() => expect(document.activeElement).toBe(own));
    await isClean();
    stand.desk.on(`PUT ${ARTICLE}`, newer());
    await userEvent.fill(text, "In Gent. My long text.");
    await press("Save the article");
    await screen.findByText("Saved. The bot knows it in a moment.");
    expect(stand.desk.askedFor(`PUT ${ARTICLE}`).map(({ body }) => body.version)).toEqual([VERSION, "77"]);
  });

  test("one that was deleted meanwhile keeps its text and can be saved as a new one", async () => {
    const gone = { code: "not_found", message: "No such article.", details: {} };
    stand.desk.on(`PUT ${ARTICLE}`, gone, 404);
    stand.desk.on("POST /knowledge/articles", { document_id: "team/our-showroom" }, 201);
    await userEvent.fill(await openArticle(), "Still here.");
    await press("Save the article");
    await screen.findByText("Somebody else deleted this article in the meantime.");
    await isClean();
    await press("Save as a new article");
    await screen.findByText("Saved. The bot knows it in a moment.");
    expect(stand.desk.askedFor("POST /knowledge/articles")[0]?.body).toMatchObject({
      body: "Still here.",
      group_id: null,
    });
  });

  test("is deleted only after one was asked, by keyboard too", async () => {
    stand.desk.on(`DELETE ${ARTICLE}`, { document_id: "team/our-showroom", reopened: 1 });
    await openArticle();
    await press("Delete");
    const dialog = await screen.findByRole("dialog", { name: "Delete “Our showroom”?" });
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Cancel"));
    await isClean();
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(dialog.isConnected).toBe(false));
    expect(location.hash).toBe("#/knowledge/sources/our-showroom");
    expect(stand.desk.askedFor(`DELETE ${ARTICLE}`)).toEqual([]);
    await press("Delete");
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Cancel"));
    await userEvent.keyboard("{Tab}{Enter}");
    await screen.findByText("Deleted. The bot forgets it in a moment.");
    expect(stand.desk.askedFor(`DELETE ${ARTICLE}`)[0]?.query).toBe(`version=${VERSION}`);
    await waitFor(() => expect(location.hash).toBe("#/knowledge/sources"));
  });

  test("one that is not there says so, and none at all teaches how to write one", async () => {
    stand.desk.on(`GET ${ARTICLE}`, { code: "not_found", message: "", details: {} }, 404);
    stand.desk.on("GET /knowledge/articles", { items: [], next_cursor: null });
    await open("#/knowledge/sources/our-showroom");
    await screen.findByText("There is no such article");
    await userEvent.keyboard("{Escape}");
    await screen.findByText(/^None yet/);
  });
});

test.each([`#/knowledge/unanswered/${GROUP_ID}/write`, "#/knowledge/sources/our-showroom"])(
  "what an agent half typed at %s is not shown to the next one who signs in on the page",
  async (hash) => {
    await open(hash);
    await userEvent.fill(await screen.findByLabelText("Title"), "only mine");
    stand.console.expire();
    const session = golden("http_login_response");
    const kim = { ...(session.agent as JsonObject), id: "01KATESTAGENTKIM0000000001" };
    stand.desk.on("POST /login", { ...session, agent: kim });
    await stand.console.login("kim@example.com", "a pass phrase");
    await waitFor(() => expect(screen.queryByDisplayValue("only mine")).toBeNull());
    expect((await screen.findByLabelText<HTMLInputElement>("Title")).value).not.toBe("");
  },
);

test("G opens the knowledge pages and Escape leads back", async () => {
  await open("#/waiting");
  await screen.findByRole("link", { name: /Maya Jansen/ });
  await userEvent.keyboard("g");
  await screen.findByRole("heading", { name: "Knowledge" });
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(location.hash).toBe("#/waiting"));
});
