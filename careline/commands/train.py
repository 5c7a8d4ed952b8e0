"""`careline train`: teaches the bot from data/: understanding, answers, dialogue. What did not change is not done again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from careline.errors import StartError
from careline.programs import engine_env, rasa_command
from careline.settings import ROOT, Settings, complete_secrets, load_settings
from careline.supervisor import tail

DIALOGUE_FOLDERS = ("rules", "stories", "responses")


def train() -> None:
    """Teach the bot from data/: fine-tune, export, index, Rasa model."""
    train_all(load_settings(), Console(highlight=False))


def train_all(settings: Settings, console: Console) -> None:
    """Bring every model up to date.

    Raises:
        StartError: a part could not be trained; the text ends with that part's own last words.
    """
    train_understanding(settings, console)
    build_knowledge(settings, console)
    train_dialogue(settings, console)


def train_understanding(settings: Settings, console: Console) -> None:
    """Fine-tune and export the understanding model, in a process of its own that gives its memory back."""
    console.print("[bold]Understanding[/]")
    models = settings.var / "models" / "nlu"
    folders = ("--data", str(settings.data / "nlu"), "--out", str(models))
    command = [sys.executable, "-m", "nlu.train", "--strict", *folders]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StartError("Understanding could not be trained; what went wrong is above")
    made = json.loads(done.stdout)
    if not made["is_reused"]:
        console.print(
            f"  model {made['model_id']}: {made['metrics']['held_out']['accuracy']:.1%} of the held-out part right"
        )


def build_knowledge(settings: Settings, console: Console) -> None:
    """Build the index of the help centre."""
    console.print("[bold]Knowledge[/]")
    folders = ("--data", str(settings.data / "knowledge"), "--root", str(settings.var / "knowledge"))
    command = [sys.executable, "-m", "careline.cli", "knowledge", "build", *folders]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603
        raise StartError("The knowledge index could not be built; what went wrong is above")


def train_dialogue(settings: Settings, console: Console) -> None:
    """Let Rasa put understanding, domain, rules and stories together into one model."""
    console.print("[bold]Dialogue[/]")
    models = settings.var / "models" / "rasa"
    wanted, stamp = dialogue_hash(settings), models / "made-from"
    if stamp.is_file() and stamp.read_text() == f"{wanted} {archive_hash(models)}":
        console.print("  unchanged")
        return
    began = time.monotonic()
    log_file = settings.var / "logs" / "train.log"
    with console.status("  Rasa checks and trains the dialogue …"):
        run_rasa_train(settings, models, log_file)
    for old in sorted(models.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)[:-2]:
        old.unlink()
    stamp.write_text(f"{wanted} {archive_hash(models)}")
    console.print(f"  trained in {time.monotonic() - began:.0f} s")


def archive_hash(models: Path) -> str:
    """Return the hash of the archive that the engine would load, so that a damaged one is made again."""
    archives = sorted(models.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    return hashlib.sha256(archives[-1].read_bytes()).hexdigest() if archives else "missing"


def run_rasa_train(settings: Settings, models: Path, log_file: Path) -> None:
    """Call `rasa train`, its many words kept in a log file."""
    stories = [str(settings.data / name) for name in ("nlu", *DIALOGUE_FOLDERS)]
    command = rasa_command(
        "train",
        *("--config", str(ROOT / "config.yml")),
        *("--domain", str(ROOT / "bot" / "domain")),
        *("--data", *stories),
        *("--out", str(models)),
    )
    env = {**os.environ, **engine_env(settings, complete_secrets(settings))}
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=log, stderr=log, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StartError(f"Rasa could not train the dialogue. The end of {log_file}:\n{tail(log_file)}")


def dialogue_hash(settings: Settings) -> str:
    """Return one hash over all that the Rasa model is made from, the understanding model's name included."""
    digest = hashlib.sha256()
    for file in dialogue_sources(settings):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def dialogue_sources(settings: Settings) -> Iterator[Path]:
    """Yield the files that the Rasa model is made from."""
    yield ROOT / "config.yml"
    yield ROOT / "requirements" / "engine.lock"
    yield ROOT / "nlu" / "component.py"
    yield settings.var / "models" / "nlu" / "current"
    for folder in (ROOT / "bot" / "domain", *(settings.data / name for name in ("nlu", *DIALOGUE_FOLDERS))):
        yield from sorted(folder.rglob("*.yml"))
