"""Built files: the demo shop at /, the widget at /widget/, the console at /console/."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import File

from desk.errors import NotFound
from desk.requests import AnyRequest, house_of

FOREVER = "public, max-age=31536000, immutable"
FRESH = "no-cache"
SHORT = "public, max-age=300"
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
NOT_BUILT = "The pages are not built yet. Run: make web\n"


def find_file(root: Path, name: str) -> Path | None:
    """Find a file under a folder; None for whatever lies outside of it, hidden or not there."""
    parts = [part for part in name.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\x00" in part for part in parts):
        return None
    path = root.joinpath(*parts)
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
        return path if is_inside and path.is_file() else None
    except OSError:
        return None


def cache_of(path: Path, *, is_loader: bool = False) -> str:
    """Choose how long browsers keep a file: names under assets/ carry a hash of what they hold."""
    if path.parent.name == "assets":
        return FOREVER
    return SHORT if is_loader else FRESH


def serve(path: Path, *, is_loader: bool = False) -> File:
    """Answer with a file."""
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"cache-control": cache_of(path, is_loader=is_loader)}
    return File(path, media_type=media_type, headers=headers, content_disposition_type="inline")


def _page(root: Path) -> Response[str] | File:
    index = find_file(root, "index.html")
    if index is None:
        return Response(NOT_BUILT, media_type="text/plain", headers={"cache-control": FRESH})
    return serve(index)


@get("/", include_in_schema=False, sync_to_thread=False)
def shop(request: AnyRequest) -> Response[str] | File:
    """Show the demo shop."""
    config = house_of(request).desk.config
    if not config.demo:
        raise NotFound("page")
    return _page(config.web_root / "shop")


@get("/{name:path}", include_in_schema=False, sync_to_thread=False)
def shop_file(request: AnyRequest, name: FromPath[str]) -> File:
    """Serve one of the demo shop's files."""
    config = house_of(request).desk.config
    found = find_file(config.web_root / "shop", name) if config.demo else None
    if found is None:
        raise NotFound("page")
    return serve(found)


@get("/widget/{name:path}", include_in_schema=False, sync_to_thread=False)
def widget_file(request: AnyRequest, name: FromPath[str]) -> File:
    """Serve one of the widget's files."""
    found = find_file(house_of(request).desk.config.web_root / "widget", name)
    if found is None:
        raise NotFound("page")
    return serve(found, is_loader=found.suffix == ".js")


@get("/console", include_in_schema=False, sync_to_thread=False)
def console(request: AnyRequest) -> Response[str] | File:
    """Show the console."""
    return _page(house_of(request).desk.config.web_root / "console")


@get("/console/{name:path}", include_in_schema=False, sync_to_thread=False)
def console_file(request: AnyRequest, name: FromPath[str]) -> Response[str] | File:
    """Serve one of the console's files; any other path under it is the console itself."""
    root = house_of(request).desk.config.web_root / "console"
    found = find_file(root, name)
    if found is not None:
        return serve(found)
    if name.startswith(("/assets/", "/api/")):
        raise NotFound("page")
    return _page(root)


HANDLERS = (shop, shop_file, widget_file, console, console_file)
