"""Trainings side by side: one process each, as many as there are processors.

A training of a small network gains little from a second processor (at every step the two wait for each other); two
trainings gain all of it. What comes out is the same bit for bit as one after the other.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

from accelerate import Accelerator

from nlu.device import count_cores
from nlu.training.fit import Listeners
from nlu.training.machine import build_accelerator
from nlu.training.pace import SECONDS_BETWEEN, Standing
from nlu.training.refit import Refit, Weights

_PR_SET_PDEATHSIG = 1  # its number in Linux' prctl.h

_END_SECONDS = 10.0

_shares: Any = None  # in a process of the crew: what each training has done, in [0, 1], shared with all


class Crew:
    """Runs the trainings of a model, side by side where the machine can; as a context it begins at once.

    Args:
        refits: what is to be trained; none is fine.
        accelerator: that of this process.
        listeners: told how far the trainings are, while they are waited for.
    """

    def __init__(self, refits: Sequence[Refit], accelerator: Accelerator, listeners: Listeners) -> None:
        self._refits = refits
        self._accelerator = accelerator
        self._listeners = listeners
        self._pool: ProcessPoolExecutor | None = None
        self._futures: list[Future[bytes]] = []
        self._started = time.monotonic()
        self._shares: Any = None

    def __enter__(self) -> Self:
        if self._refits and works_side_by_side(self._accelerator):
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_END_SECONDS)

    def weights(self) -> list[Weights]:
        """Wait for every training; one whose process died is gone on with in this one, from its last whole epoch."""
        if self._pool is None:
            return [refit.run(self._accelerator, self._listeners) for refit in self._refits]
        self._wait()
        return [
            self._result(refit, future) for refit, future in zip(self._refits, self._futures, strict=True)
        ]

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._shares = context.Array("d", len(self._refits))
        workers = min(len(self._refits), count_cores())
        self._pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_enlist, initargs=(self._shares, os.getpid())
        )
        # As plain bytes: torch would hand tensors on in shared memory, of which a container has 64 MB.
        self._futures = [
            self._pool.submit(_run, pickle.dumps(refit), place) for place, refit in enumerate(self._refits)
        ]

    def _wait(self) -> None:
        waiting: set[Future[bytes]] = set(self._futures)
        while waiting:
            _, waiting = wait(waiting, timeout=SECONDS_BETWEEN)
            share = sum(self._shares) / len(self._refits)
            if waiting and share > 0:
                seconds = time.monotonic() - self._started
                self._listeners.on_pace(Standing(share, seconds * (1 / share - 1)))

    def _result(self, refit: Refit, future: Future[bytes]) -> Weights:
        try:
            weights: Weights = pickle.loads(future.result())  # noqa: S301 - what a process of ours wrote
            return weights
        except BrokenProcessPool:
            return refit.run(self._accelerator, self._listeners)


def works_side_by_side(accelerator: Accelerator) -> bool:
    """Tell whether trainings gain by it: on one GPU, or where processes share each training already, they do not."""
    is_alone = accelerator.num_processes == 1 and accelerator.device.type == "cpu"
    return is_alone and count_cores() > 1


def _enlist(shares: Any, starter: int) -> None:
    """Prepare a process of the crew: it dies with the one that started it, and leaves Ctrl-C to that one."""
    global _shares
    _shares = shares
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != starter:  # it died before this one could ask to die with it
            os._exit(1)


def _run(pickled: bytes, place: int) -> bytes:
    refit: Refit = pickle.loads(pickled)  # noqa: S301 - what the process that started this one wrote
    accelerator = build_accelerator(refit.config)

    def on_pace(standing: Standing) -> None:
        _shares[place] = standing.share

    weights = refit.run(accelerator, Listeners(on_pace=on_pace))
    _shares[place] = 1.0
    return pickle.dumps(weights)
