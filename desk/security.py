"""The edge: which origins may come, which headers go out, who is calling from where."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from desk.config import DeskConfig

WIDGET_PREFIX = "/widget/"
CONSOLE_PREFIX = "/console"
HSTS = "max-age=31536000; includeSubDomains"
_COMMON_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)
CONSOLE_CSP = f"{_COMMON_CSP}; connect-src 'self' ws: wss:; frame-ancestors 'none'"
PAGE_CSP = f"{_COMMON_CSP}; connect-src 'self' ws: wss:; frame-ancestors 'self'"
CORS_HEADERS = "authorization, content-type"
CORS_METHODS = "GET, POST, OPTIONS"


def is_origin_allowed(config: DeskConfig, origin: str | None, host: str | None, *, widget: bool) -> bool:
    """Say whether a page of this origin may open a socket or read an answer.

    Args:
        config: names the desk's own address and the sites that embed the widget.
        origin: the Origin header; None from what is no browser.
        host: the Host header.
        widget: whether the sites that embed the widget count too.
    """
    if origin is None:
        return widget
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if host is not None and parts.netloc.lower() == host.lower():
        return True
    if config.public_url and origin.lower() == _origin_of(config.public_url):
        return True
    return widget and origin.lower() in {site.lower().rstrip("/") for site in config.widget_origins}


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def client_address(scope: Scope) -> str:
    """Tell where a caller comes from; uvicorn has read a trusted proxy's headers already."""
    client = scope.get("client")
    return client[0] if client else "unknown"


class EdgeMiddleware:
    """Puts security headers on every answer and CORS headers on the widget's."""

    def __init__(self, app: ASGIApp, config: DeskConfig) -> None:
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers added to what goes out."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        http = scope
        path = http["path"]
        origin = self._cors_origin(scope) if path.startswith(WIDGET_PREFIX) else None
        if origin and http["method"] == "OPTIONS":
            await _send_preflight(send, origin)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableScopeHeaders.from_message(message), path, origin)
            await send(message)

        # What can be fetched can be asked for; the server leaves the body of the answer to HEAD out.
        asked: Scope = {**http, "method": "GET"} if http["method"] == "HEAD" else scope
        await self._app(asked, receive, send_with_headers)

    def _cors_origin(self, scope: Scope) -> str | None:
        headers = Headers.from_scope(scope)
        origin = headers.get("origin")
        allowed = origin and is_origin_allowed(self._config, origin, headers.get("host"), widget=True)
        return origin if allowed else None

    def _add_headers(self, headers: MutableScopeHeaders, path: str, origin: str | None) -> None:
        is_console = path.startswith(CONSOLE_PREFIX)
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "strict-origin-when-cross-origin"
        headers["content-security-policy"] = CONSOLE_CSP if is_console else PAGE_CSP
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["permissions-policy"] = "camera=(), geolocation=(), payment=(), usb=()"
        if is_console:
            headers["x-frame-options"] = "DENY"
        if self._config.is_secure:
            headers["strict-transport-security"] = HSTS
        if path.startswith(WIDGET_PREFIX):
            headers["cross-origin-resource-policy"] = "cross-origin"
            headers.add("vary", "origin")
        if origin is not None:
            headers["access-control-allow-origin"] = origin


async def _send_preflight(send: Send, origin: str) -> None:
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": CORS_METHODS,
        "access-control-allow-headers": CORS_HEADERS,
        "access-control-max-age": "600",
        "vary": "origin",
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 204, "headers": encoded})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
