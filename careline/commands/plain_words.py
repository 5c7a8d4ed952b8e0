"""Turns what a room refuses, and what a disk refuses, into the command line's own error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from careline.errors import CarelineError


@contextmanager
def translated(refusal: type[Exception]) -> Iterator[None]:
    """Tell errors of this kind, and those of files and disks, in a sentence."""
    try:
        yield
    except refusal as error:
        raise CarelineError(str(error)) from error
    except OSError as error:
        raise CarelineError(told_os_error(error)) from error


def told_os_error(error: OSError) -> str:
    """Say where the system refused what: "models/x: No space left on device"."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        source, target, reason = error.args[0][0]
        return f"{source} cannot be copied to {target}: {reason}"
    return ": ".join(filter(None, (error.filename, error.strerror or str(error))))
