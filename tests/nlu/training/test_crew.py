from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
from multiprocessing.connection import wait
from pathlib import Path

import pytest
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.training import crew as module
from nlu.training.crew import Crew, works_side_by_side
from nlu.training.fit import SILENT, Listeners
from nlu.training.machine import build_accelerator
from nlu.training.pace import Standing
from nlu.training.parts import build_parts
from nlu.training.refit import Refit
from tests.nlu.conftest import small_dataset
from tests.nlu.training.test_refit import planned


@pytest.fixture
def config(tiny_config: TrainConfig) -> TrainConfig:
    return dataclasses.replace(tiny_config, epochs=3, batch_size=8, refits=2)


@pytest.fixture
def refits(tiny_encoder: Path, config: TrainConfig, tmp_path: Path) -> list[Refit]:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    return planned(build_parts(small_dataset(), None, encoder, config), encoder, config, tmp_path)


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_cores", lambda: 2)


def test_side_by_side_gives_what_one_after_the_other_gives(
    refits: list[Refit], config: TrainConfig, two_processors: None
) -> None:
    del two_processors
    accelerator = build_accelerator(config)
    alone = [refit.run(accelerator, SILENT) for refit in refits]
    for path in refits[0].checkpoint.path.parent.iterdir():
        path.unlink()  # else the others would only go on from their end
    with Crew(refits, accelerator, SILENT) as crew:
        together = crew.weights()
    for one, other in zip(alone, together, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_training_whose_process_is_killed_is_done_all_the_same(
    refits: list[Refit], config: TrainConfig, two_processors: None
) -> None:
    del two_processors
    accelerator = build_accelerator(config)
    with Crew(refits, accelerator, SILENT) as crew:
        assert crew._pool is not None
        for process in crew._pool._processes:
            os.kill(process, signal.SIGKILL)
        assert len(crew.weights()) == len(refits)


def test_processes_end_when_the_training_that_they_belong_to_fails(
    refits: list[Refit], config: TrainConfig, two_processors: None
) -> None:
    del two_processors
    slow = [dataclasses.replace(one, config=dataclasses.replace(config, epochs=5000)) for one in refits]
    crew = Crew(slow, build_accelerator(config), SILENT)
    with contextlib.suppress(KeyboardInterrupt), crew:
        assert crew._pool is not None
        processes = list(crew._pool._processes.values())
        raise KeyboardInterrupt
    for process in processes:
        # Not is_alive(): between two threads that wait for it (the pool has one) it may still call a dead one alive.
        assert wait([process.sentinel], timeout=30)


def test_waiting_for_the_others_is_told_with_what_is_left(
    refits: list[Refit], config: TrainConfig, two_processors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del two_processors
    monkeypatch.setattr(module, "SECONDS_BETWEEN", 0.01)
    told: list[Standing] = []
    several = [dataclasses.replace(refits[0], checkpoint=refits[0].checkpoint.beside(n)) for n in range(3)]
    with Crew(several, build_accelerator(config), Listeners(on_pace=told.append)) as crew:
        crew.weights()
    # Two processes have three trainings to do, so one is waited for when two are done.
    assert told
    assert all(0 < standing.share <= 1 and standing.seconds_left >= 0 for standing in told)


def test_one_processor_and_nothing_to_do_start_no_process(
    refits: list[Refit], config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    accelerator = build_accelerator(config)
    with Crew([], accelerator, SILENT) as crew:
        assert crew._pool is None
        assert crew.weights() == []
    monkeypatch.setattr(module, "count_cores", lambda: 1)
    assert not works_side_by_side(accelerator)
    with Crew(refits, accelerator, SILENT) as crew:
        assert crew._pool is None
        assert len(crew.weights()) == len(refits)


def test_process_whose_starter_died_before_it_could_ask_ends_by_itself() -> None:
    context = multiprocessing.get_context("spawn")
    for starter, code in ((os.getpid(), 0), (os.getppid(), 1)):
        process = context.Process(target=module._enlist, args=(None, starter))
        process.start()
        process.join(60)
        assert process.exitcode == code
