"""`careline rasa …`: Rasa's own commands in the engine environment."""

from __future__ import annotations

import os
import subprocess
import sys

import typer

from careline.programs import engine_env, rasa_command
from careline.settings import ROOT, complete_secrets, load_settings


def rasa(context: typer.Context) -> None:
    """Pass a command on to Rasa: `careline rasa shell`, `careline rasa test`."""
    settings = load_settings()
    env = {**os.environ, **engine_env(settings, complete_secrets(settings))}
    done = subprocess.run(rasa_command(*context.args), cwd=ROOT, env=env, check=False)  # noqa: S603
    sys.exit(done.returncode)
