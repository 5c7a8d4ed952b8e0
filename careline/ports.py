"""Finds out whether the addresses the processes need are free."""

from __future__ import annotations

import socket

from careline.errors import StartError


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check_free(what: str, setting: str, host: str, port: int) -> None:
    """Raise a StartError that names the setting where a port is taken."""
    if not is_free(host, port):
        raise StartError(
            f"Port {port} on {host}, which the {what} needs, is in use. Stop the program that holds it "
            f"(`ss -ltnp 'sport = :{port}'` shows it), or set {setting} to another port."
        )
