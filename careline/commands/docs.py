"""`careline docs`: writes the pages that are made from code."""

from __future__ import annotations

from rich.console import Console

from careline.settings import ROOT, settings_page


def docs() -> None:
    """Write docs/settings.md from the table of settings."""
    page = ROOT / "docs" / "settings.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(settings_page())
    Console().print(f"Wrote {page.relative_to(ROOT)}")
