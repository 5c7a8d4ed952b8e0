"""A real, headless Chromium for the tests and the screenshots."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

from careline.bootstrap import CHROMIUM_NAMES

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium and end it again."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    assert path, "Chromium is missing: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_widget(page: Page, url: str) -> None:
    """Open the demo shop and its chat."""
    await page.goto(f"{url}/")
    await page.get_by_role("button", name="Open chat").click()
    await page.get_by_label("Your message").wait_for()


async def write(page: Page, text: str) -> None:
    """Write a message in the widget and send it."""
    await page.get_by_label("Your message").fill(text)
    await page.get_by_label("Your message").press("Enter")


async def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Sign in to the console."""
    await page.goto(f"{url}/console/")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("navigation", name="Conversations").wait_for()
