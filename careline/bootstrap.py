"""Lays the ground: makes the environments and the web build, and says what is missing.

Runs on the machine's own Python (3.11 or newer) before anything is installed, so it uses the standard
library only. Every part leaves a stamp with the hash of what it was made from; a part whose stamp still fits
is not touched, so a second run needs no network.

    python3 -m careline.bootstrap app engine web dev
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / ".venv"
ENGINE = ROOT / ".venv-engine"
MIN_PYTHON = (3, 11)
ENGINE_PYTHON = "3.10"
MIN_NODE_MAJOR = 20
MIN_FREE_BYTES = 6 * 1024**3
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    """Something the machine has to bring is not there; the text names it and the command that installs it."""


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(f"  {text}", flush=True)  # noqa: T201 - the set-up speaks to a person on a terminal


def run(command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command with its output shown; a failure becomes one sentence."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, check=False)  # noqa: S603
    if result.returncode != 0:
        raise Missing(
            f"`{' '.join(words[:6])} …` ended with code {result.returncode}; its own message is above."
        )


def answer_of(command: Sequence[str | Path]) -> str | None:
    """Return what a command prints, or None where it is missing or fails."""
    try:
        done = subprocess.run(  # noqa: S603
            [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def hash_of(files: Iterable[Path], *extra: str) -> str:
    """Return one SHA-256 over names and contents of files and over extra words."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    digest.update("\0".join(extra).encode())
    return digest.hexdigest()


def when_changed(name: str, stamp: Path, wanted: str, make: Callable[[], None]) -> None:
    """Make a part unless its stamp says that it was made from the same things."""
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say(f"{name} …")
    began = time.monotonic()
    stamp.unlink(missing_ok=True)
    make()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    say(f"{name}: done in {time.monotonic() - began:.0f} s")


def python_in(environment: Path) -> Path:
    """Return an environment's interpreter."""
    return environment / "bin" / "python"


def check_python() -> None:
    """Check that this interpreter can carry the app environment."""
    if sys.version_info < MIN_PYTHON:
        raise Missing(
            f"Python {'.'.join(map(str, MIN_PYTHON))} or newer is needed, this is {sys.version.split()[0]}. "
            "Install it (`sudo apt-get install python3.11 python3.11-venv`) and call `make PYTHON=python3.11 …`."
        )


def check_disk() -> None:
    """Check that a first set-up fits on the disk."""
    free = shutil.disk_usage(ROOT).free
    if free < MIN_FREE_BYTES:
        raise Missing(
            f"The disk holding {ROOT} has {free / 1024**3:.1f} GiB left; a first set-up needs "
            f"{MIN_FREE_BYTES / 1024**3:.0f} GiB. Free some space and run the same command again."
        )


def index_options() -> list[str]:
    """Return uv's options for the package sources that pip's environment variables name."""
    options: list[str] = []
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        options += ["--find-links", place]
    if index := os.environ.get("PIP_INDEX_URL"):
        options += ["--default-index", index]
    for index in os.environ.get("PIP_EXTRA_INDEX_URL", "").split():
        options += ["--index", index]
    return options


def has_local_torch(version: str) -> bool:
    """Tell whether a folder named by PIP_FIND_LINKS holds a build of torch for this Python."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    folders = [Path(place) for place in os.environ.get("PIP_FIND_LINKS", "").split() if Path(place).is_dir()]
    return any(True for folder in folders for _ in folder.glob(f"torch-{version}*-{tag}-*.whl"))


def uv_install(environment: Path, *what: str | Path) -> None:
    """Install into an environment with uv, bytecode compiled."""
    uv = APP / "bin" / "uv"
    base: list[str | Path] = [uv, "pip", "install", "--python", python_in(environment), "--compile-bytecode"]
    run([*base, *index_options(), *what], env={"UV_NO_PROGRESS": "" if sys.stderr.isatty() else "1"})


def install_torch() -> None:
    """Install torch: a local build where there is one, else the build that fits the machine."""
    pin = (ROOT / "requirements" / "torch.txt").read_text().strip()
    version = pin.split("==")[1]
    if has_local_torch(version):
        uv_install(APP, "--no-deps", pin)
    elif os.environ.get("CARELINE_GPU"):
        uv_install(APP, "--torch-backend", "auto", pin)
    else:
        uv_install(APP, "--no-deps", "--torch-backend", "cpu", pin)


def install_lock(environment: Path, lock: str) -> None:
    """Install a lock file, hashes required."""
    uv_install(environment, "--no-deps", "--require-hashes", "-r", ROOT / "requirements" / lock)


def make_app() -> None:
    """Make the app environment from nothing."""
    check_disk()
    if answer_of([sys.executable, "-c", "import ensurepip, venv"]) is None:
        minor = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Missing(f"Python's venv module is missing: `sudo apt-get install python{minor}-venv`.")
    run([sys.executable, "-m", "venv", "--clear", APP])
    run([python_in(APP), "-m", "pip", "install", "--quiet", "-r", ROOT / "requirements" / "uv.txt"])
    install_lock(APP, "app.lock")
    install_torch()
    uv_install(APP, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def find_engine_python() -> str:
    """Return a Python 3.10 that really runs, or the version for uv to fetch."""
    versions = (answer_of(["pyenv", "versions", "--bare"]) or "").split()
    prefixes = [
        answer_of(["pyenv", "prefix", one]) for one in versions if one.startswith(f"{ENGINE_PYTHON}.")
    ]
    candidates = [f"python{ENGINE_PYTHON}", *(f"{prefix}/bin/python" for prefix in prefixes if prefix)]
    for candidate in candidates:
        version = answer_of([candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        if version == ENGINE_PYTHON:
            return candidate
    return ENGINE_PYTHON


def make_engine() -> None:
    """Make the engine environment from nothing; uv fetches Python 3.10 where the machine has none."""
    run([APP / "bin" / "uv", "venv", "--quiet", "--clear", "--python", find_engine_python(), ENGINE])
    install_lock(ENGINE, "engine.lock")


def check_node() -> None:
    """Check that Node and npm can build the web part."""
    version = answer_of(["node", "--version"])
    if version is None or answer_of(["npm", "--version"]) is None:
        raise Missing(
            f"Node {MIN_NODE_MAJOR} or newer with npm is needed: `sudo apt-get install nodejs npm`."
        )
    if int(version.lstrip("v").split(".")[0]) < MIN_NODE_MAJOR:
        raise Missing(
            f"Node {MIN_NODE_MAJOR} or newer is needed, this is {version}. "
            "Debian's newer releases carry it (`sudo apt-get install nodejs npm`), or use your version manager."
        )


def web_sources() -> list[Path]:
    """Return every file that the web build is made from."""
    skipped = {"node_modules", "dist"}
    return [
        file
        for file in (ROOT / "web").rglob("*")
        if file.is_file() and not skipped.intersection(file.relative_to(ROOT).parts)
    ]


def set_up_app() -> None:
    """Make the app environment where it is not up to date."""
    check_python()
    locks = [ROOT / "requirements" / name for name in ("app.lock", "torch.txt", "uv.txt")]
    wanted = hash_of([*locks, ROOT / "pyproject.toml"], sys.version)
    when_changed("app environment (about 2 GB)", APP / ".careline-app", wanted, make_app)


def set_up_engine() -> None:
    """Make the engine environment where it is not up to date."""
    wanted = hash_of([ROOT / "requirements" / "engine.lock"])
    when_changed("engine environment (about 3 GB)", ENGINE / ".careline-engine", wanted, make_engine)


def set_up_dev() -> None:
    """Add the tools of `make check` and `make test` to the app environment."""
    wanted = hash_of([ROOT / "requirements" / name for name in ("app.lock", "dev.lock")])
    when_changed("test tools", APP / ".careline-dev", wanted, lambda: install_lock(APP, "dev.lock"))


def set_up_web() -> None:
    """Install the web packages and build the widget, the console and the demo shop where they changed."""
    check_node()
    web = ROOT / "web"
    lock = hash_of([web / "package-lock.json"])
    when_changed(
        "web packages",
        web / "node_modules" / ".careline-web",
        lock,
        lambda: run(["npm", "ci", "--no-fund", "--no-audit"], cwd=web),
    )
    when_changed(
        "web build",
        web / "dist" / ".careline-build",
        hash_of(web_sources()),
        lambda: run(["npm", "run", "--silent", "build"], cwd=web),
    )


def check_browser() -> None:
    """Check that a browser for the end-to-end tests is there."""
    if not any(shutil.which(name) for name in CHROMIUM_NAMES):
        raise Missing("Chromium is needed for the end-to-end tests: `sudo apt-get install chromium`.")


PARTS: dict[str, Callable[[], None]] = {
    "app": set_up_app,
    "engine": set_up_engine,
    "web": set_up_web,
    "dev": set_up_dev,
    "browser": check_browser,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up the named parts, in order."""
    parser = argparse.ArgumentParser(
        prog="careline.bootstrap", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("parts", nargs="+", choices=sorted(PARTS))
    for part in parser.parse_args(arguments).parts:
        try:
            PARTS[part]()
        except Missing as missing:
            print(f"Set-up stopped: {missing}", file=sys.stderr)  # noqa: T201
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
