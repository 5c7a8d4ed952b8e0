"""What every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.system import System, copy_trained, find_free_port

# How long a case takes is no claim of ours, and what is red here is red everywhere: every run tries the same cases.
# `pytest --hypothesis-profile=search` looks for new ones.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that returns a loopback port nobody listens on."""
    return find_free_port


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, running, with the models that `careline train` left in var/."""
    if not any((ROOT / "var" / "models" / "rasa").glob("*.tar.gz")):
        pytest.fail("nothing is trained yet; `make test` trains first, or call `careline train`")
    var = tmp_path_factory.mktemp("system")
    copy_trained(ROOT / "var", var)
    running = System(var, find_free_port)
    try:
        running.start()
        yield running
    finally:
        running.stop()
