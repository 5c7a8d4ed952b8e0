from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from careline import bootstrap


def test_a_part_is_made_once_until_its_sources_change(tmp_path: Path) -> None:
    stamp, made = tmp_path / "stamp", list[str]()
    for wanted in ("a", "a", "b"):
        bootstrap.when_changed("part", stamp, wanted, lambda wanted=wanted: made.append(wanted))  # type: ignore[misc]
    assert made == ["a", "b"]


def test_a_part_that_failed_is_made_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise bootstrap.Missing("no")

    stamp = tmp_path / "stamp"
    stamp.write_text("old")
    with pytest.raises(bootstrap.Missing):
        bootstrap.when_changed("part", stamp, "new", fail)
    assert not stamp.exists()


def test_missing_node_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(bootstrap.Missing, match=r"apt-get install nodejs npm"):
        bootstrap.check_node()


def test_old_node_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "answer_of", lambda _: "v18.20.4")
    with pytest.raises(bootstrap.Missing, match=r"Node 20 or newer is needed, this is v18"):
        bootstrap.check_node()


def test_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(bootstrap.Missing, match="chromium"):
        bootstrap.check_browser()


def test_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1024**3}))
    with pytest.raises(bootstrap.Missing, match=r"1\.0 GiB left"):
        bootstrap.check_disk()


def test_package_sources_of_pip_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    assert bootstrap.index_options() == [
        *("--find-links", "/wheels", "--find-links", "/more"),
        *("--default-index", "https://packages.example/simple"),
    ]


def test_bootstrap_needs_nothing_installed(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(root / "careline" / "bootstrap.py"), "--help"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0


def test_locks_name_no_address(root: Path) -> None:
    locks = list((root / "requirements").glob("*.lock"))
    assert len(locks) == 3
    assert [file.name for file in locks if "://" in file.read_text()] == []
    assert '"resolved"' not in (root / "web" / "package-lock.json").read_text()
