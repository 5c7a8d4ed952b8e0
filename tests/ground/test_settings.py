from __future__ import annotations

import stat
from pathlib import Path

import pytest

from careline.errors import SettingsError
from careline.settings import Settings, complete_secrets, load_settings, rows, settings_page


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "careline.toml"
    monkeypatch.setenv("CARELINE_CONFIG", str(file))
    return file


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[desk]\nport = 9000\n")
    assert load_settings().desk.port == 9000
    monkeypatch.setenv("CARELINE_DESK__PORT", "9001")
    assert load_settings().desk.port == 9001


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[desk]\nprot = 1\n", "desk.prot"),
        ("[dsek]\nport = 1\n", "dsek"),
        ("[desk]\nport = 70000\n", "desk.port"),
        ('[brand]\ncolor = "green"\n', "brand.color"),
        ("[desk\n", "careline.toml"),
    ],
)
def test_a_wrong_file_is_refused_by_name(config: Path, text: str, named: str) -> None:
    config.write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings()


@pytest.mark.parametrize("name", ["CARELINE_DESC__PORT", "CARELINE_PORT", "CARELINE_DESK__PROT"])
@pytest.mark.usefixtures("config")
def test_an_unknown_variable_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=r"(?i)port|prot"):
        load_settings()


def test_secrets_never_show(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("")
    monkeypatch.setenv("CARELINE_SECRETS__LINK_TOKEN", "short")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "short" not in str(caught.value).replace("too_short", "")
    monkeypatch.setenv("CARELINE_SECRETS__LINK_TOKEN", "canary-canary-canary-canary")
    assert "canary" not in repr(load_settings())


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings.model_validate({"paths": {"var": tmp_path / "var"}})
    first = complete_secrets(settings)
    assert complete_secrets(settings) == first
    assert len(set(first.values())) == len(first) >= 5
    assert stat.S_IMODE((tmp_path / "var" / "secrets.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["%%% canary", 'link_token = "canary"\n', "session_key = 5\n", 'canary_key = "k"\n', "\x00"]
)
def test_broken_secrets_are_refused_with_the_files_name_and_without_its_contents(
    tmp_path: Path, text: str
) -> None:
    settings = Settings.model_validate({"paths": {"var": tmp_path}})
    (tmp_path / "secrets.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"secrets\.toml") as caught:
        complete_secrets(settings)
    assert '"canary"' not in str(caught.value)


def test_every_setting_has_a_help_text() -> None:
    assert [f"{section}.{name}" for section, name, _, text in rows() if not text] == []


def test_the_settings_page_is_up_to_date(root: Path) -> None:
    assert (root / "docs" / "settings.md").read_text() == settings_page(), "call `careline docs`"
