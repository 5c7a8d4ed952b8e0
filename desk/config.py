"""Everything the desk must be told; `careline` fills it from its settings, tests by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

MIN_SECRET_CHARS = 24

# A button's payload that the desk itself understands; every other goes to the engine.
PERSON_PAYLOAD = "desk:request_person"


@dataclass(frozen=True)
class Starter:
    """A first question the widget offers; ``payload`` goes to the engine, None sends the title as text."""

    id: str
    title: str
    payload: str | None = None


@dataclass(frozen=True)
class Voice:
    """What the widget says first in one language; `{brand}` and `{assistant}` stand for the names."""

    greeting: str
    starters: tuple[Starter, ...]


VOICES: Mapping[str, Voice] = MappingProxyType(
    {
        "en": Voice(
            "Hello, I am {assistant}, the assistant of {brand}. How can I help?",
            (
                Starter("track", "Where is my order?", "/order_status"),
                Starter("return", "Return an item", "/return_item"),
                Starter("broken", "Something arrived damaged", "/item_damaged"),
            ),
        ),
        "zh": Voice(
            "您好，我是 {brand} 的智能助手 {assistant}。有什么可以帮您？",
            (
                Starter("track", "我的订单到哪了？", "/order_status"),
                Starter("return", "我要退货", "/return_item"),
                Starter("broken", "收到的商品有破损", "/item_damaged"),
            ),
        ),
    }
)


@dataclass(frozen=True)
class Brand:
    """How the company appears to its customers."""

    name: str = "Nook & Linden"
    assistant_name: str = "Linde"
    color: str = "#2f5d50"
    locale: str = "en"
    voices: Mapping[str, Voice] = field(default_factory=lambda: VOICES)

    def voice(self, locale: str) -> Voice:
        """Choose the words for a language, the brand's own where there are none."""
        return self.voices.get(locale) or self.voices.get(self.locale) or VOICES["en"]

    def greeting(self, locale: str) -> str:
        """Write the greeting."""
        words = self.voice(locale).greeting
        return words.replace("{brand}", self.name).replace("{assistant}", self.assistant_name)


@dataclass(frozen=True)
class EngineConfig:
    """The engine's channel and how patient the desk is with it."""

    url: str = "http://127.0.0.1:5005"
    token: str = field(default="", repr=False)
    timeout_seconds: float = 20.0
    understand_timeout_seconds: float = 5.0
    slow_after_seconds: float = 3.0
    apology_after_seconds: float = 15.0
    max_attempts: int = 3
    give_up_after_seconds: float = 20.0
    first_wait_seconds: float = 0.2
    max_wait_seconds: float = 5.0
    shaky_below: float = 0.5


@dataclass(frozen=True)
class LinkConfig:
    """Where the action servers connect."""

    host: str = "127.0.0.1"
    port: int = 8081
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class PeopleConfig:
    """When a person can be had, and what happens when not."""

    opening_hours: str = "always"
    time_zone: str = "Europe/Amsterdam"
    nobody_free_minutes: float = 10
    agent_offline_minutes: float = 5
    agent_silent_minutes: float = 15
    idle_close_hours: float = 24
    presence_timeout_seconds: float = 60
    housekeeping_seconds: float = 10


@dataclass(frozen=True)
class LimitConfig:
    """Rates: a burst, then so many a second. ``loopback_factor`` widens what counts by address for 127.0.0.1."""

    max_message_chars: int = 2000
    max_reply_chars: int = 8000
    message_burst: int = 10
    messages_per_second: float = 1.0
    frame_burst: int = 60
    frames_per_second: float = 10.0
    session_burst: int = 10
    sessions_per_second: float = 1 / 60
    login_burst: int = 5
    logins_per_second: float = 1 / 60
    explain_burst: int = 12
    explains_per_second: float = 0.5
    loopback_factor: float = 100.0
    max_body_bytes: int = 64 * 1024
    max_sockets_per_address: int = 50


@dataclass(frozen=True)
class DeskConfig:
    """The desk's whole configuration."""

    database_url: str
    session_secret: str = field(repr=False)
    identity_secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    widget_origins: tuple[str, ...] = ()
    web_root: Path = Path("web/dist")
    help_root: Path = Path("data/knowledge")
    team_root: Path | None = None
    demo: bool = False
    instance: str = "desk"
    redis_url: str | None = field(default=None, repr=False)
    actions_health_url: str | None = None
    is_identity_required: bool = False
    session_days: int = 30
    console_idle_minutes: float = 30
    console_absolute_hours: float = 8
    heartbeat_seconds: int = 20
    brand: Brand = field(default_factory=Brand)
    engine: EngineConfig = EngineConfig()
    link: LinkConfig = LinkConfig()
    people: PeopleConfig = PeopleConfig()
    limits: LimitConfig = LimitConfig()

    @property
    def is_secure(self) -> bool:
        """Say whether browsers reach the desk over TLS."""
        return bool(self.public_url and self.public_url.startswith("https://"))


class ConfigRefused(ValueError):
    """The desk cannot start like this; the message names the field, never its value."""


def check_config(config: DeskConfig) -> None:
    """Refuse a configuration that would be unsafe.

    Raises:
        ConfigRefused: a secret is missing or short; an empty secret never means "skip the check".
    """
    secrets = {
        "session_secret": config.session_secret,
        "identity_secret": config.identity_secret,
        "engine.token": config.engine.token,
        "link.token": config.link.token,
    }
    for name, value in secrets.items():
        if len(value) < MIN_SECRET_CHARS:
            raise ConfigRefused(f"{name} must hold at least {MIN_SECRET_CHARS} characters")
    if len(set(secrets.values())) != len(secrets):
        raise ConfigRefused("every secret must be its own: " + ", ".join(secrets))
