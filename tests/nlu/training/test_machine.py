from __future__ import annotations

import ctypes
import resource
from dataclasses import replace

import pytest
import torch

from nlu.config import TrainConfig
from nlu.errors import MachineUnfit
from nlu.training.machine import build_accelerator, keep_memory, mixed_precision

PAGES = 8 * 2**20 // resource.getpagesize()


@pytest.mark.parametrize(("precision", "expected"), [("fp32", "no"), ("bf16", "bf16"), ("fp16", "fp16")])
def test_precision_that_is_named_is_used(precision: str, expected: str) -> None:
    assert mixed_precision(TrainConfig(precision=precision), has_gpu=True) == expected


def test_one_process_trains_in_one_precision_after_another() -> None:
    for precision, expected in (("fp32", "no"), ("bf16", "bf16"), ("fp32", "no")):
        accelerator = build_accelerator(TrainConfig(precision=precision))
        assert accelerator.mixed_precision == expected
        assert accelerator.num_processes == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_half_precision_without_a_gpu_is_refused_in_a_sentence() -> None:
    with pytest.raises(MachineUnfit, match="GPU"):
        build_accelerator(replace(TrainConfig(), precision="fp16"))


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no glibc")
def test_memory_that_was_given_back_is_at_hand_again() -> None:
    keep_memory()
    sum_of_pages = 0
    for turn in range(40):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(2 * 2**20)
        if turn >= 20:
            sum_of_pages += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert sum_of_pages < 20 * PAGES / 4
