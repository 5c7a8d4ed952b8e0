"""Folders that vouch for themselves: a manifest with the sha256 of every file, and an atomic pointer to the current one."""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nlu.files import replace_text

MANIFEST = "manifest.json"
CURRENT = "current"
_UNFINISHED = ".writing-"
_MAX_ID_CHARS = 120


class FolderInvalid(Exception):
    """A folder that does not match its manifest; ``is_foreign`` tells 'not ours' from 'changed'."""

    def __init__(self, reason: str, *, is_foreign: bool) -> None:
        self.reason = reason
        self.is_foreign = is_foreign
        super().__init__(reason)


def sha256_of(path: Path) -> str:
    """Hash a file without reading it whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a finished folder, naming every file in it with its sha256."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != MANIFEST)
    files = {name: sha256_of(folder / name) for name in names}
    text = json.dumps({**manifest, "files": files}, indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, *, kind: str, version: int) -> dict[str, Any]:
    """Read a manifest and check that the folder is of this kind and version.

    Raises:
        FolderInvalid: there is none, it is not JSON, or it is of another kind or version.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FolderInvalid("it has no manifest.json", is_foreign=True) from error
    except (OSError, ValueError) as error:
        raise FolderInvalid("its manifest.json cannot be read", is_foreign=False) from error
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        raise FolderInvalid(f"its manifest does not say kind = {kind!r}", is_foreign=True)
    if manifest.get("format_version") != version:
        found = manifest.get("format_version")
        raise FolderInvalid(f"it has format version {found!r}, this program reads {version}", is_foreign=True)
    return manifest


def check_files(folder: Path, manifest: dict[str, Any], required: Iterable[str]) -> None:
    """Check that exactly the files of the manifest are there, each with its sha256.

    Raises:
        FolderInvalid: a file is missing, unexpected or differs.
    """
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise FolderInvalid("its manifest names no files", is_foreign=False)
    missing = sorted(set(required) - set(files))
    if missing:
        raise FolderInvalid(f"its manifest does not name {', '.join(missing)}", is_foreign=False)
    for name, digest in files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise FolderInvalid(f"{name} is missing", is_foreign=False)
        if sha256_of(path) != digest:
            raise FolderInvalid(f"{name} differs from its manifest", is_foreign=False)


def read_pointer(root: Path) -> str | None:
    """Read which folder under root is current; None when none is named or the name is no plain one."""
    try:
        with (root / CURRENT).open(encoding="utf-8") as file:
            name = file.read(_MAX_ID_CHARS + 1).strip()
    except (OSError, UnicodeDecodeError):
        return None
    is_plain = 0 < len(name) <= _MAX_ID_CHARS and Path(name).name == name and not name.startswith(".")
    return name if is_plain else None


def replace_pointer(root: Path, name: str) -> None:
    """Make a folder the current one: readers see the old name or the new, never neither."""
    replace_text(root / CURRENT, name + "\n")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into that takes the place of ``folder`` in the end; where that fails nothing is left of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        yield work
        work.chmod(0o755)  # mkdtemp's 0700 would lock out a serving process of another user
        work.replace(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def clear_unfinished(root: Path) -> None:
    """Remove what was left of new folders by a process that was killed; only for the one that writes below root."""
    for folder in root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one thread or process at a time change what is in a folder; a second one waits. The folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prune(folders: Iterable[Path], keep: int, current: Path) -> list[Path]:
    """Remove all but the current folder and the newest others, ``keep`` in all; returns those removed."""
    others = [folder for folder in folders if folder != current]
    newest_first = sorted(others, key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    removed = newest_first[max(0, keep - 1) :]
    for folder in removed:
        shutil.rmtree(folder, ignore_errors=True)
    return removed
