from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import pytest

from nlu import software
from nlu.software import versions_of


def test_versions_are_those_of_the_installed_packages() -> None:
    assert versions_of(["numpy", "tokenizers"]) == {
        "numpy": version("numpy"),
        "tokenizers": version("tokenizers"),
    }


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ({"onnxruntime-gpu": "1.31.1", "faiss-gpu-cu12": "1.14.1"}, ["1.31.1", "1.14.1"]),
        ({"onnxruntime": "1.30.0", "onnxruntime-gpu": "1.31.1", "faiss-cpu": "1.15.0"}, ["1.30.0", "1.15.0"]),
    ],
)
def test_a_package_built_for_gpus_stands_in_for_the_plain_one(
    installed: Mapping[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> str:
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(software, "version", find)
    assert list(versions_of(["onnxruntime", "faiss-cpu"]).values()) == expected
    with pytest.raises(PackageNotFoundError, match="numpy"):
        versions_of(["numpy"])
