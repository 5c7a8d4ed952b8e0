"""What the HTTP and websocket handlers share: the desk, its live picture, its limiters."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from litestar.types import Scope

from desk.config import DeskConfig
from desk.context import Desk
from desk.engine import EngineClient
from desk.library import Library, NoLibrary
from desk.limits import KnownPlaces, Limiter, Rate, is_loopback
from desk.live import Live
from desk.security import client_address
from desk.sockets import SocketCounter


@dataclass(frozen=True)
class House:
    """One desk process."""

    desk: Desk
    live: Live
    engine: EngineClient
    new_sessions: Limiter
    logins: Limiter
    login_emails: Limiter
    polls: Limiter
    messages: Limiter
    explanations: Limiter
    sockets: SocketCounter
    known_places: KnownPlaces = field(default_factory=KnownPlaces)
    library: Library = field(default_factory=NoLibrary)

    def check_address(self, limiter: Limiter, scope: Scope) -> None:
        """Count one for the caller's address; generous on loopback.

        Raises:
            RateLimited: too many.
        """
        address = client_address(scope)
        limiter.check(address, monotonic(), self.factor(address))

    def factor(self, address: str) -> float:
        """Widen what counts by address for callers on this machine."""
        return self.desk.config.limits.loopback_factor if is_loopback(address) else 1.0


def build_house(desk: Desk, live: Live, engine: EngineClient, library: Library | None = None) -> House:
    """Set the limiters up."""
    return House(
        desk,
        live,
        engine,
        *_limiters(desk.config),
        SocketCounter(desk.config.limits.max_sockets_per_address),
        library=library or NoLibrary(),
    )


def _limiters(config: DeskConfig) -> tuple[Limiter, Limiter, Limiter, Limiter, Limiter, Limiter]:
    limits = config.limits
    return (
        Limiter(Rate(limits.session_burst, limits.sessions_per_second)),
        Limiter(Rate(limits.login_burst, limits.logins_per_second)),
        Limiter(Rate(limits.login_burst * 2, limits.logins_per_second)),
        Limiter(Rate(limits.frame_burst, limits.frames_per_second)),
        Limiter(Rate(limits.message_burst, limits.messages_per_second)),
        Limiter(Rate(limits.explain_burst, limits.explains_per_second)),
    )
