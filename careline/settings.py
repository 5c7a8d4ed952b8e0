"""The one table of settings: `careline.toml` and `CARELINE_…` variables make it, docs/settings.md is written from it.

The environment wins over the file. A name that is not in the table is refused. Secrets that are not given
are made once and kept in `var/secrets.toml`, readable by its owner only.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from careline.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "CARELINE_"
DELIMITER = "__"

# Names that Careline hands to its own processes; they are no settings.
INTERNAL_VARIABLES = frozenset(
    {
        "CARELINE_ACTIONS_TOKEN",
        "CARELINE_ACTIONS_URL",
        "CARELINE_APP_PYTHON",
        "CARELINE_CONFIG",
        "CARELINE_ENGINE_TOKEN",
        "CARELINE_GPU",
        "CARELINE_TRACKER_DB",
        "CARELINE_VAR",
    }
)


class Section(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BrandSettings(Section):
    """How the company appears to its customers."""

    name: str = Field("Nook & Linden", description="The company's name, shown in the widget.")
    assistant_name: str = Field("Linde", description="The assistant's name.")
    color: str = Field("#2f5d50", pattern=r"^#[0-9a-fA-F]{6}$", description="Brand colour as #rrggbb.")
    locale: Literal["en", "zh"] = Field("en", description="Language of the widget where the page names none.")


class DeskSettings(Section):
    """The public process: conversations, console, tickets."""

    host: str = Field("127.0.0.1", description="Address the desk listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the desk listens on.")
    public_url: str | None = Field(
        None,
        description="Address customers reach the desk under, if a proxy stands in front. https turns on Secure cookies.",
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of the conversation log; SQLite in var/ when empty. PostgreSQL: postgresql+asyncpg://…",
    )
    redis_url: str | None = Field(
        None, description="Redis for wake-ups between several desk processes; none needed for one."
    )
    widget_origins: list[str] = Field(
        [],
        description="Sites that may embed the widget, as https://shop.example; the desk's own address always may.",
    )
    demo: bool = Field(
        True, description="Serve the demo shop and its help pages, and let its customers sign in."
    )


class PeopleSettings(Section):
    """When a person can be had, and what happens when not."""

    opening_hours: str = Field(
        "always",
        description="When people answer: `always`, or days and times as `mon-fri 09:00-18:00, sat 10:00-16:00`.",
    )
    time_zone: str = Field("Europe/Amsterdam", description="Zone of the opening hours (IANA name).")
    nobody_free_minutes: int = Field(
        10,
        ge=1,
        description="After so many minutes without a free agent the bot takes contact and opens a ticket.",
    )
    agent_offline_minutes: int = Field(
        5,
        ge=1,
        description="An agent offline for so many minutes loses the conversation to the front of the queue.",
    )
    agent_silent_minutes: int = Field(
        15, ge=1, description="So does one who leaves a waiting customer unanswered for so many minutes."
    )
    idle_close_hours: int = Field(
        24, ge=1, description="A conversation with the bot closes after so many idle hours."
    )


class LinkSettings(Section):
    """The websocket between the action server and the desk."""

    host: str = Field("127.0.0.1", description="Address the desk's link listens on; keep it internal.")
    port: int = Field(8081, ge=1, le=65535, description="Port of the link.")


class EngineSettings(Section):
    """The dialogue engine (Rasa)."""

    host: str = Field("127.0.0.1", description="Address the engine listens on; keep it internal.")
    port: int = Field(5005, ge=1, le=65535, description="Port of the engine.")
    start_timeout_seconds: float = Field(
        120.0, gt=0, description="How long a start may take before it counts as failed."
    )


class ActionsSettings(Section):
    """The action server."""

    host: str = Field("127.0.0.1", description="Address the action server listens on; keep it internal.")
    port: int = Field(5055, ge=1, le=65535, description="Port of the action server.")
    shop_database_url: str | None = Field(
        None, description="SQLAlchemy URL of the shop database; SQLite in var/ when empty."
    )


class KnowledgeSettings(Section):
    """Answers from the help centre."""

    max_wrong_share: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="The dial: at most this share of all questions is answered wrongly, as far as questions made of the "
        "articles tell; lower means fewer answers. Taken up by the next build.",
    )
    generator_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]",
        description="Address of an OpenAI-compatible generator (`http://127.0.0.1:11434/v1`) that may phrase answers from "
        "their passages; none is used when empty. Questions and passages are sent there.",
    )
    generator_model: str = Field("default", min_length=1, description="The generator's model.")
    generator_key: SecretStr | None = Field(
        None, min_length=1, description="The generator's key, where it wants one."
    )
    refresh_minutes: int = Field(
        0, ge=0, description="Sources are read again when so many minutes have passed; 0: only on command."
    )
    fetch_private_addresses: bool = Field(
        False,
        description="Also fetch pages from private and loopback addresses, as of a wiki in the company's own network.",
    )


class PathSettings(Section):
    """Where things lie; relative names count from the project's folder."""

    var: Path = Field(
        Path("var"), description="Everything Careline writes: models, indexes, databases, logs."
    )
    data: Path = Field(Path("data"), description="What the bot is taught.")


class LogSettings(Section):
    """Logs."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is written."
    )
    format: Literal["console", "json"] = Field(
        "console", description="`console` for people, `json` for machines."
    )


class SecretSettings(Section):
    """Shared secrets; each one that is empty is made at the first start and kept in var/secrets.toml."""

    engine_token: SecretStr | None = Field(None, min_length=24, description="Between desk and engine.")
    actions_token: SecretStr | None = Field(
        None, min_length=24, description="Between engine and action server."
    )
    link_token: SecretStr | None = Field(None, min_length=24, description="Between action server and desk.")
    session_key: SecretStr | None = Field(None, min_length=24, description="Signs customers' session tokens.")
    identity_key: SecretStr | None = Field(
        None, min_length=24, description="Your site signs its customers' identity with it (HS256)."
    )


class Settings(BaseSettings):
    """All settings of Careline."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="forbid", frozen=True, toml_file=None
    )

    brand: BrandSettings = BrandSettings()
    desk: DeskSettings = DeskSettings()
    people: PeopleSettings = PeopleSettings()
    link: LinkSettings = LinkSettings()
    engine: EngineSettings = EngineSettings()
    actions: ActionsSettings = ActionsSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    paths: PathSettings = PathSettings()
    log: LogSettings = LogSettings()
    secrets: SecretSettings = SecretSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the environment, and that over the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file()))

    @property
    def var(self) -> Path:
        """The folder Careline writes to, absolute."""
        return ROOT / self.paths.var

    @property
    def data(self) -> Path:
        """The folder the bot is taught from, absolute."""
        return ROOT / self.paths.data

    @property
    def desk_url(self) -> str:
        """The address a person opens."""
        return self.desk.public_url or f"http://{self.desk.host}:{self.desk.port}"

    @property
    def engine_url(self) -> str:
        """The engine's address."""
        return f"http://{self.engine.host}:{self.engine.port}"

    @property
    def actions_url(self) -> str:
        """The action server's address."""
        return f"http://{self.actions.host}:{self.actions.port}"


def config_file() -> Path:
    """Return the settings file: $CARELINE_CONFIG or careline.toml in the project's folder."""
    return Path(os.environ.get("CARELINE_CONFIG") or ROOT / "careline.toml")


def load_settings() -> Settings:
    """Read the settings from file and environment.

    Raises:
        SettingsError: a name is unknown or a value does not fit; the text names it, never a secret's value.
    """
    check_variables()
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            [
                f"{'.'.join(map(str, one['loc']))}: {meaning_of(one['type'], one['msg'])}"
                for one in error.errors()
            ]
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{config_file().name} is not valid TOML: {error}"]) from error


def meaning_of(kind: str, message: str) -> str:
    """Say what is wrong with a setting."""
    return "there is no such setting; docs/settings.md lists them" if kind == "extra_forbidden" else message


def check_variables() -> None:
    """Refuse CARELINE_ variables whose section does not exist, which pydantic would pass over."""
    sections = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = [
        name
        for name in os.environ
        if name.startswith(PREFIX)
        and name not in INTERNAL_VARIABLES
        and name.split(DELIMITER)[0] not in sections
    ]
    if unknown:
        raise SettingsError(
            [f"{name}: there is no such setting; docs/settings.md lists them" for name in sorted(unknown)]
        )


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield (section, name, default, help) of every setting, in order."""
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if not (isinstance(model, type) and issubclass(model, Section)):
            continue
        for name, one in model.model_fields.items():
            yield section, name, default_as_text(one.default), one.description or ""


def default_as_text(value: Any) -> str:
    """Return a default as it would stand in careline.toml."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str | Path) else str(value)


def settings_page() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Written by `careline docs` from `careline/settings.py`; change it there.",
        "",
        "Settings stand in `careline.toml` (`[section]`, `name = value`) or in the environment as",
        "`CARELINE_SECTION__NAME`, which wins. An unknown name stops the start.",
        "A secret that is not given is made at the first start and kept in `var/secrets.toml`.",
    ]
    section = ""
    for group, name, default, text in rows():
        if group != section:
            section = group
            model = Settings.model_fields[group].annotation
            lines += [
                "",
                f"## [{group}]",
                "",
                (model.__doc__ or "").strip(),
                "",
                "| name | default | meaning |",
                "| --- | --- | --- |",
            ]
        shown = f"`{default}`" if default else "(none)"
        lines.append(f"| `{name}` | {shown} | {text} |".replace("||", "\\|"))
    return "\n".join(lines) + "\n"


def complete_secrets(settings: Settings) -> dict[str, str]:
    """Return every secret, making those that are given nowhere.

    Made secrets are kept in var/secrets.toml (mode 0600), so that a restart does not sign everybody out.
    """
    file = settings.var / "secrets.toml"
    kept = read_secrets(file)
    given = {name: value.get_secret_value() for name, value in settings.secrets if value is not None}
    missing = [name for name in SecretSettings.model_fields if name not in given and name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(file, "".join(f'{name} = "{value}"\n' for name, value in sorted(kept.items())))
    return {**kept, **given}


def read_secrets(file: Path) -> dict[str, str]:
    """Read the secrets that were made before; none where there is no such file.

    Raises:
        SettingsError: it cannot be read, or a secret in it is none; the text holds no secret.
    """
    if not file.is_file():
        return {}
    try:
        kept = tomllib.loads(file.read_text(encoding="utf-8"))
        secret = SecretSettings.model_validate(kept)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            [f"{file} can't be read ({type(error).__name__}); without it new secrets are made"]
        ) from error
    except ValidationError as error:
        names = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        raise SettingsError(
            [f"{file}: {name} is no secret of ours, or too short" for name in names]
        ) from error
    return {name: value.get_secret_value() for name, value in secret if value is not None}


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    fresh.replace(file)
