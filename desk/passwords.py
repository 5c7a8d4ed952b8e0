"""Passwords: Argon2id, and the same time for an unknown e-mail address as for a wrong password."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from desk.errors import BadRequest

# OWASP: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 256

# The hash of a password that nobody knows: it takes as long to check as a real one.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$DcqqTS3lrX1KqoE+LpLm5Q$lw0HAhj/sFH6AwihnAFLdKgDVHEvVxFj7gmA3XkUg7o"


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        BadRequest: ``password_refused``: too short or too long.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise BadRequest(f"A password holds at least {MIN_PASSWORD_CHARS} characters.", "password_refused")
    return _HASHER.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Compare; slow on purpose, run it in a thread."""
    try:
        _HASHER.verify(stored or NOBODY, password[:MAX_PASSWORD_CHARS])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
