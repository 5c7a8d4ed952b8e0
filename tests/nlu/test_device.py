from __future__ import annotations

import onnxruntime
import pytest

from nlu import runtime
from nlu.device import CPU_PROVIDER, CUDA_PROVIDER, Device, choose_providers, count_cores, explain_fallback
from nlu.models import Model
from nlu.runtime import INT8_ON_CPU, Network, load

WITH_GPU = ["TensorrtExecutionProvider", CUDA_PROVIDER, CPU_PROVIDER]
WITHOUT = ["AzureExecutionProvider", CPU_PROVIDER]


@pytest.mark.parametrize(
    ("device", "available", "names"),
    [
        (Device.AUTO, WITH_GPU, (CUDA_PROVIDER, CPU_PROVIDER)),
        (Device.CUDA, WITH_GPU, (CUDA_PROVIDER, CPU_PROVIDER)),
        (Device.CPU, WITH_GPU, (CPU_PROVIDER,)),
        (Device.AUTO, WITHOUT, (CPU_PROVIDER,)),
        (Device.CPU, WITHOUT, (CPU_PROVIDER,)),
        (Device.CUDA, WITHOUT, (CPU_PROVIDER,)),
    ],
)
def test_gpu_comes_first_where_it_is_there_and_not_unwanted(
    device: Device, available: list[str], names: tuple[str, ...]
) -> None:
    assert choose_providers(device, available).names == names


@pytest.mark.parametrize("device", list(Device))
def test_only_a_wish_that_is_not_granted_is_a_lack(device: Device) -> None:
    assert bool(choose_providers(device, WITHOUT).lack) == (device is Device.CUDA)
    assert not choose_providers(device, WITH_GPU).lack


def test_gpu_that_did_not_start_is_told() -> None:
    chosen = choose_providers(Device.AUTO, WITH_GPU)
    assert CUDA_PROVIDER in explain_fallback(chosen, [CPU_PROVIDER])
    assert explain_fallback(chosen, [CUDA_PROVIDER, CPU_PROVIDER]) == ""


@pytest.mark.parametrize("device", list(Device))
def test_model_is_served_whatever_device_is_asked_for(tiny_model: Model, device: Device) -> None:
    assert load(tiny_model.folder, device=device).parse(["thank you so much"])[0].intent == "thank"


def test_libraries_of_a_gpu_are_loaded_before_it_is_tried(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: WITH_GPU)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: loaded.append("cuda"))
    runtime._load_cuda.cache_clear()
    path = tiny_model.folder / "model.onnx"
    assert Network(path, device=Device.CPU).lack == ""
    assert loaded == []
    assert CUDA_PROVIDER in Network(path).lack  # it is not really there
    assert not Network(path).is_on_gpu
    assert loaded == ["cuda"]


def test_int8_weights_stay_on_the_processor(tiny_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: WITH_GPU)
    assert tiny_model.metrics["precision"]["kept"] == "int8"
    assert load(tiny_model.folder).lack == ""
    assert load(tiny_model.folder, device=Device.CUDA).lack == INT8_ON_CPU


def test_there_is_always_a_worker() -> None:
    assert count_cores() >= 1
