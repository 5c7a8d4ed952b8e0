"""A customer and an agent, each in a browser window, over the whole running system."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import chromium, open_widget, sign_in, write
from tests.support.system import System

pytestmark = pytest.mark.e2e

EMAIL, PASSWORD = "sam@nookandlinden.example", "correct-horse-battery"
ANSWER_TIMEOUT_MS = 30_000


@pytest.fixture(scope="module")
def agent(system: System) -> None:
    system.add_agent("Sam de Wit", EMAIL, PASSWORD)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture
async def customer(browser: Browser, system: System) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(ANSWER_TIMEOUT_MS)
    page = await context.new_page()
    await open_widget(page, system.url)
    return page


async def expect_said(page: Page, text: str | re.Pattern[str]) -> None:
    await expect(page.get_by_role("log").get_by_text(text).last).to_be_visible(timeout=ANSWER_TIMEOUT_MS)


@pytest.mark.usefixtures("agent")
async def test_customer_asks_gets_an_answer_with_its_source_a_person_and_the_bot_back(
    browser: Browser, system: System, customer: Page
) -> None:
    # where is my order
    await write(customer, "where is my order NL-10234")
    await expect_said(customer, re.compile("e-?mail", re.I))
    await write(customer, "maya.jansen@example.com")
    await expect_said(
        customer, re.compile("NL-10234.*(on its way|shipped|carrier)|on its way|expected", re.I)
    )

    # the return policy, with its source
    await write(customer, "how many days do I have to send something back?")
    await expect_said(customer, re.compile("30 days"))
    source = customer.get_by_role("log").get_by_role("link").last
    await expect(source).to_have_attribute("href", re.compile("/help/"))

    # a person
    await write(customer, "I want to talk to a human please")
    await expect(customer.get_by_text("You are next in line")).to_be_visible(timeout=ANSWER_TIMEOUT_MS)

    # the agent claims and replies
    desk = await (
        await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    ).new_page()
    await sign_in(desk, system.url, EMAIL, PASSWORD)
    waiting = desk.get_by_role("navigation", name="Conversations").get_by_role(
        "link", name=re.compile("^Visitor")
    )
    await waiting.first.click()
    await desk.get_by_role("toolbar", name="Actions").get_by_role("button", name="Claim").click()
    await expect_said(customer, re.compile("Sam.* joined"))
    await desk.get_by_placeholder(re.compile("^Write to")).fill("Hello, this is Sam. What can I do for you?")
    await desk.get_by_placeholder(re.compile("^Write to")).press("Enter")
    await expect_said(customer, "Hello, this is Sam. What can I do for you?")
    await write(customer, "the lamp flickers, can someone call the workshop?")
    await expect(desk.get_by_text("the lamp flickers").last).to_be_visible()

    # a ticket
    toolbar = desk.get_by_role("toolbar", name="Actions")
    await toolbar.get_by_role("button", name="Ticket").click()
    ticket = desk.get_by_role("dialog", name="Open a ticket")
    await ticket.get_by_role("textbox", name="Subject").fill("Lamp flickers")
    await ticket.get_by_role("textbox", name="What is to be done").fill("Ask the workshop about the lamp.")
    await ticket.get_by_role("button", name="Open a ticket").click()
    await expect_said(customer, re.compile(r"Ticket T-\d+ is open"))

    # back to the bot
    await toolbar.get_by_role("button", name="Back to bot").click()
    await (
        desk.get_by_role("dialog", name="Back to the bot")
        .get_by_role("button", name=re.compile("menu"))
        .click()
    )
    await expect_said(customer, "Linde is back with you")
    await write(customer, "do you deliver to belgium?")
    await expect_said(customer, re.compile("Belgium"))


async def test_a_message_written_while_the_connection_is_cut_is_sent_once(customer: Page) -> None:
    await write(customer, "hello")
    await expect_said(customer, re.compile("hello|hi|help", re.I))
    await customer.context.set_offline(True)
    await write(customer, "do you have opening hours on saturday?")
    await customer.wait_for_timeout(500)
    await customer.context.set_offline(False)
    await expect_said(customer, re.compile("Sat", re.I))
    mine = customer.get_by_role("log").get_by_text("do you have opening hours on saturday?")
    await expect(mine).to_have_count(1)


async def test_the_conversation_is_still_there_after_a_reload(customer: Page, system: System) -> None:
    await write(customer, "what does express delivery cost")
    await expect_said(customer, re.compile(r"9[.,]95"))
    await customer.reload()
    if await customer.get_by_role("button", name=re.compile("Open chat")).is_visible():
        await customer.get_by_role("button", name=re.compile("Open chat")).click()
    await expect_said(customer, "what does express delivery cost")
    await expect_said(customer, re.compile(r"9[.,]95"))


async def test_markup_in_a_message_is_shown_and_never_run(customer: Page) -> None:
    hostile = '<img src=x onerror="document.title=`run`"><script>document.title="run"</script>'
    await write(customer, hostile)
    await expect(customer.get_by_role("log").get_by_text(hostile)).to_be_visible()
    assert await customer.title() != "run"


async def test_the_widget_works_with_the_keyboard_alone(browser: Browser, system: System) -> None:
    page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    await page.goto(f"{system.url}/")
    await page.get_by_role("button", name="Open chat").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Your message")).to_be_focused()
    await page.keyboard.type("who are you?")
    await page.keyboard.press("Enter")
    await expect_said(page, re.compile("Linde"))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name=re.compile("Open chat"))).to_be_focused()
