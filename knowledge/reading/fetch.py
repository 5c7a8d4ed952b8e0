"""Fetches pages for the knowledge base: public addresses only, bounded in size, time and redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from knowledge.errors import FetchRefused, PageGone

MAX_BODY_BYTES = 20_000_000
MAX_REDIRECTS = 5
TOTAL_SECONDS = 30.0
STEP_SECONDS = 10.0
AGENT = "Careline-Knowledge/1.0"
_GONE = {httpx.codes.NOT_FOUND, httpx.codes.GONE}
_REDIRECTS = {301, 302, 303, 307, 308}

_GIVEN_OUT = ipaddress.ip_network("2000::/3")

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a page's address gave: where it lies in the end, what it is (``text/html``), its charset if told.

    ``version`` is the server's word for this state of the page, to ask later whether it has changed; empty if it has none.
    """

    url: str
    kind: str
    charset: str | None
    body: bytes
    modified: str
    version: str = ""


def resolve(host: str, port: int) -> list[str]:
    """Ask for the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Gets pages by http and https.

    Each address, also one that is only redirected to, is resolved once, checked, and connected to as it was checked, so
    that a name which answers differently the second time gains nothing.

    Args:
        allow_private: also fetch from private and loopback addresses, as of a help centre in the company's own network.
        lookup: gives a host's addresses.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        lookup: Resolve = resolve,
    ) -> None:
        self._allow_private = allow_private
        self._lookup = lookup

    def get(self, url: str) -> Fetched:
        """Fetch a page.

        Raises:
            PageGone: it is no longer there (404, 410).
            FetchRefused: its address is not a public one, or it cannot be had, or is too big.
        """
        fetched = self.get_changed(url, "")
        if fetched is None:
            raise FetchRefused(url, "it answers with status 304")
        return fetched

    def get_changed(self, url: str, version: str) -> Fetched | None:
        """Fetch a page unless it is as it was; see ``get``.

        Args:
            url: where it lies.
            version: that of what was fetched before; empty to fetch it in any case.

        Returns:
            The page; None when the server says that it has not changed.
        """
        try:
            return asyncio.run(self._get(url, version))
        except TimeoutError as error:
            raise FetchRefused(url, "it does not answer in time", is_retryable=True) from error

    async def _get(self, url: str, version: str) -> Fetched | None:
        """Follow an address; the time is for all of it, so that no server can drip it out byte by byte."""
        async with (
            asyncio.timeout(TOTAL_SECONDS),
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as client,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                found = await self._step(client, url, version)
                if not isinstance(found, str):
                    return found
                url = found
        raise FetchRefused(url, f"it redirects more than {MAX_REDIRECTS} times")

    async def _step(self, client: httpx.AsyncClient, url: str, version: str) -> Fetched | str | None:
        """Fetch one address: the page, or where it is redirected to; None when it is as it was."""
        request = await asyncio.to_thread(self._request, url)
        request.headers.update(_unless(version))
        try:
            response = await client.send(request, stream=True)
            try:
                if response.status_code in _REDIRECTS and response.headers.get("location"):
                    return urljoin(url, response.headers["location"])
                if version and response.status_code == httpx.codes.NOT_MODIFIED:
                    return None
                return await self._page(url, response)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise FetchRefused(url, "it does not answer in time", is_retryable=True) from error
        except httpx.HTTPError as error:
            raise FetchRefused(url, "it can't be reached", is_retryable=True) from error

    def _request(self, url: str) -> httpx.Request:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise FetchRefused(url, "it is no address") from error
        if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
            raise FetchRefused(url, "it is no http or https address without a name and password in it")
        address = self._address(url, host, port or (443 if parts.scheme == "https" else 80))
        pinned = httpx.URL(url).copy_with(host=address)
        headers = {"Host": parts.netloc, "User-Agent": AGENT, "Accept-Encoding": "identity"}
        extensions = {"sni_hostname": host, "timeout": httpx.Timeout(STEP_SECONDS).as_dict()}
        return httpx.Request("GET", pinned, headers=headers, extensions=extensions)

    def _address(self, url: str, host: str, port: int) -> str:
        """Choose the address to connect to; one that is not public refuses them all."""
        try:
            addresses = self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchRefused(url, "its host is not known", is_retryable=True) from error
        if not addresses:
            raise FetchRefused(url, "its host is not known", is_retryable=True)
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise FetchRefused(url, "its address is not a public one")
        return addresses[0]

    async def _page(self, url: str, response: httpx.Response) -> Fetched:
        if response.status_code in _GONE:
            raise PageGone(url)
        if response.status_code != httpx.codes.OK:
            is_retryable = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            raise FetchRefused(
                url, f"it answers with status {response.status_code}", is_retryable=is_retryable
            )
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchRefused(url, "it is sent compressed although that was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise FetchRefused(url, f"it is larger than {MAX_BODY_BYTES // 10**6} MB")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        modified = response.headers.get("last-modified", "")
        version = _version(response.headers.get("etag", ""), modified)
        return Fetched(url, kind, response.charset_encoding, bytes(body), modified, version)


def _version(etag: str, modified: str) -> str:
    return f"etag {etag}" if etag else f"date {modified}" if modified else ""


def _unless(version: str) -> dict[str, str]:
    """Ask only for what differs from a version (RFC 9110, 13.1)."""
    kind, _, value = version.partition(" ")
    names = {"etag": "If-None-Match", "date": "If-Modified-Since"}
    return {names[kind]: value} if kind in names else {}


def is_public(address: str) -> bool:
    """Tell whether an IP address is reached over the public net; one that wraps a private IPv4 address is not.

    Source: IANA gives out IPv6 addresses for the public net from 2000::/3 alone; Python's lists lag behind the others.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found not in _GIVEN_OUT:
            return False
    return found.is_global and not found.is_multicast
