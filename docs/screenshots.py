"""Photographs the screens into docs/screens: `make screenshots`.

Starts Careline on free ports with a folder of its own, holds a conversation as a customer and as an agent, and
takes every screen at desktop and phone size, light and dark.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from tests.support.browser import chromium, open_widget, sign_in, write
from tests.support.system import ROOT, System, copy_trained, find_free_port

SCREENS = ROOT / "docs" / "screens"
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
AGENT, EMAIL, PASSWORD = "Sam de Wit", "sam@nookandlinden.example", "only-for-the-screenshots"
SETTLE_MS = 1200
GROUPED_SECONDS = 150  # the desk groups what had no answer once a minute

UNANSWERED = (
    "do your lamps work with a smart home app?",
    "are your lamps smart home compatible?",
    "can I rent a sofa for a photo shoot?",
    "can I rent a sofa for an event?",
    "do you sell office chairs for companies?",
    "is the velvet vegan?",
)


async def context(
    browser: Browser, size: ViewportSize, *, dark: bool = False, locale: str = "en-GB"
) -> BrowserContext:
    """Open a browser window of a size, light or dark, in a language."""
    return await browser.new_context(
        viewport=size, color_scheme="dark" if dark else "light", locale=locale, reduced_motion="reduce"
    )


async def shoot(page: Page, name: str) -> None:
    """Wait until nothing moves, and take the picture."""
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(SETTLE_MS)
    await page.screenshot(path=SCREENS / f"{name}.png")


async def say(page: Page, text: str, answer: str) -> None:
    """Write a message and wait for words of the answer."""
    await write(page, text)
    await page.get_by_role("log").get_by_text(re.compile(answer, re.I)).last.wait_for()


async def ask(page: Page, url: str) -> None:
    """Hold the first half of a conversation."""
    await open_widget(page, url)
    await say(page, "how many days do I have to send something back?", "30 days")
    await say(page, "ok, and where is my order NL-10234?", "e-?mail")
    await say(page, "maya.jansen@example.com", "NL-10234")


async def customer_screens(browser: Browser, url: str) -> Page:
    """Take the widget's screens; return the desktop page, its conversation going on."""
    for name, size, dark in (
        ("widget-phone", PHONE, False),
        ("widget-phone-dark", PHONE, True),
        ("widget-dark", DESKTOP, True),
    ):
        page = await (await context(browser, size, dark=dark)).new_page()
        await ask(page, url)
        await shoot(page, name)
        await page.close()
    chinese = await (await context(browser, DESKTOP, locale="zh-CN")).new_page()
    await chinese.goto(f"{url}/")
    await chinese.get_by_role("button", name="打开聊天").click()
    await shoot(chinese, "widget-zh")
    page = await (await context(browser, DESKTOP)).new_page()
    await ask(page, url)
    await shoot(page, "widget")
    await say(page, "can I talk to a person about that?", "in line")
    return page


async def agent_screens(browser: Browser, url: str, customer: Page) -> None:
    """Take the console's screens while an agent answers."""
    desk = await (await context(browser, DESKTOP)).new_page()
    await sign_in(desk, url, EMAIL, PASSWORD)
    await desk.get_by_role("link", name=re.compile("^Visitor")).first.click()
    await shoot(desk, "console-queue")
    await desk.get_by_role("toolbar", name="Actions").get_by_role("button", name="Claim").click()
    reply = desk.get_by_placeholder(re.compile("^Write to"))
    await reply.fill("Hello, Sam here. It left Utrecht this morning, so tomorrow is realistic.")
    await reply.press("Enter")
    await customer.get_by_role("log").get_by_text("tomorrow is realistic").wait_for()
    await shoot(customer, "widget-agent")
    await shoot(desk, "overview")
    for name, size, dark in (("console-dark", DESKTOP, True), ("console-phone", PHONE, False)):
        other = await (await context(browser, size, dark=dark)).new_page()
        await sign_in(other, url, EMAIL, PASSWORD)
        await other.goto(f"{url}/console/#/mine")
        await other.get_by_role("link", name=re.compile("^Visitor")).first.click()
        await shoot(other, name)


async def ask_in_vain(browser: Browser, url: str) -> None:
    """Ask what the articles do not tell, each question as another customer."""
    for question in UNANSWERED:
        page = await (await context(browser, DESKTOP)).new_page()
        await open_widget(page, url)
        await say(page, question, "reliable answer|this may help")
        await page.close()


async def knowledge_screens(browser: Browser, url: str) -> None:
    """Take the screens of what had no answer."""
    for name, size, dark in (("knowledge", DESKTOP, False), ("knowledge-phone-dark", PHONE, True)):
        page = await (await context(browser, size, dark=dark)).new_page()
        await sign_in(page, url, EMAIL, PASSWORD)
        await page.goto(f"{url}/console/#/knowledge/unanswered")
        question = page.get_by_role("link", name=re.compile("smart home")).first
        async with asyncio.timeout(GROUPED_SECONDS):
            while not await question.is_visible():
                await page.reload()
                await page.wait_for_timeout(SETTLE_MS)
        await question.click()
        await page.get_by_role("heading", name=re.compile("smart home")).wait_for()
        await shoot(page, name)


async def photograph(url: str) -> None:
    """Take every picture."""
    async with chromium() as browser:
        await ask_in_vain(browser, url)
        customer = await customer_screens(browser, url)
        await agent_screens(browser, url, customer)
        await knowledge_screens(browser, url)


def main() -> None:
    """Start a system, photograph it, stop it."""
    fonts = shutil.which("fc-list")
    if not fonts or not subprocess.check_output([fonts, ":lang=zh"]):  # noqa: S603 - nothing of it comes from outside
        raise SystemExit("A font with Chinese is missing: apt-get install fontconfig fonts-noto-cjk")
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="careline-screens-") as folder:
        copy_trained(ROOT / "var", Path(folder))
        system = System(Path(folder), find_free_port)
        try:
            system.start()
            system.add_agent(AGENT, EMAIL, PASSWORD)
            asyncio.run(photograph(system.url))
        finally:
            system.stop()


if __name__ == "__main__":
    main()
