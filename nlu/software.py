"""Which versions of the libraries are installed, whatever their package is called where there is a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

_ALSO_CALLED = {
    "onnxruntime": ("onnxruntime-gpu",),
    "faiss-cpu": ("faiss-gpu", "faiss-gpu-cu12", "faiss-gpu-cuvs"),
}
"""Packages that stand in for another: the same library, built for GPUs."""


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Find each package's version, or that of the one that stands in for it, under the name that was asked for.

    Raises:
        PackageNotFoundError: a package is not installed under any name.
    """
    return {package: _version_of(package) for package in packages}


def _version_of(package: str) -> str:
    for name in (package, *_ALSO_CALLED.get(package, ())):
        with suppress(PackageNotFoundError):
            return version(name)
    raise PackageNotFoundError(package)
