"""The same conversations with the understanding that was really trained.

It may read a line differently and still be right, so not every conversation must go word for word as written; most
must. The dialogue itself is tested in ``test_conversations``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dialogue.conftest import read_scenarios
from tests.dialogue.stand import ROOT, Stand
from tests.dialogue.test_conversations import play_all

pytestmark = pytest.mark.engine

TRAINED = ROOT / "var" / "models" / "rasa"
SHARE_THAT_MUST_WORK = 0.8


@pytest.fixture(scope="module")
def trained_stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    if not list(TRAINED.glob("*.tar.gz")):
        pytest.skip("nothing is trained yet")
    running = Stand(tmp_path_factory.mktemp("trained"), model=TRAINED)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_most_conversations_also_work_with_the_trained_understanding(trained_stand: Stand) -> None:
    scenarios = read_scenarios()
    failures = {}
    for scenario in scenarios:
        trained_stand.outside.reset()
        try:
            play_all(trained_stand, scenario)
        except AssertionError as failure:
            failures[scenario["name"]] = str(failure).splitlines()[0]
    share = 1 - len(failures) / len(scenarios)
    assert share >= SHARE_THAT_MUST_WORK, failures
