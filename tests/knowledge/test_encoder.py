"""The real MiniLM, exported once and kept beside the indexes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder import OnnxEncoder
from knowledge.encoder_export import AGREEMENT_FLOOR, DEFAULT_ENCODER, ensure_encoder, resolve_source
from knowledge.errors import EncoderForeign, EncoderMissing, EncoderTampered


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders")


@pytest.fixture(scope="module")
def minilm(folder: Path) -> OnnxEncoder:
    return OnnxEncoder.load(folder)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "encoder"))


def test_the_export_agrees_with_the_original(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["int8_agreement"] >= AGREEMENT_FLOOR
    assert manifest["dimension"] == 384


def test_vectors_are_unit_rows_in_the_order_given(minilm: OnnxEncoder) -> None:
    texts = [
        "refund",
        "how long does a refund take after I sent my parcel back to you?",
        "",
        "lamp " * 3000,
        "\ud800",
    ]
    vectors = minilm.encode(texts)
    assert vectors.shape == (5, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    for row, text in enumerate(texts):
        assert float(minilm.encode([text])[0] @ vectors[row]) > 0.95  # int8 scales differ with the batch


def test_meaning_is_near_meaning(minilm: OnnxEncoder) -> None:
    question, near, far = minilm.encode(
        ["when do I get my money back", "Refunds take five days.", "Oil the table twice a year."]
    )
    assert question @ near > question @ far + 0.2


def test_no_text_gives_no_vector(minilm: OnnxEncoder) -> None:
    assert minilm.encode([]).shape == (0, 384)


def test_tokens_are_counted_without_the_special_ones(minilm: OnnxEncoder) -> None:
    assert minilm.count_tokens("") == 0
    assert minilm.count_tokens("return a lamp") == 3


def test_what_the_encoder_does_not_know_is_counted(minilm: OnnxEncoder) -> None:
    for text in ("", "where is my order", "Wo ist meine Bestellung?"):
        assert minilm.known_share(text) == 1
    assert minilm.known_share("我的订单在哪里") < 0.6
    assert 0.8 <= minilm.known_share("where is my order 🚚?") < 1


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_encoder_is_refused(copy: Path, name: str) -> None:
    with (copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(EncoderTampered):
        OnnxEncoder.load(copy)


def test_a_foreign_or_missing_encoder_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "kind": "other"}))
    with pytest.raises(EncoderForeign):
        OnnxEncoder.load(copy)
    with pytest.raises(EncoderMissing):
        OnnxEncoder.load(copy / "nowhere")


@pytest.mark.parametrize("source", ["no-such-package", "json", "/nowhere", "../x", ""])
def test_an_unknown_source_is_refused(source: str) -> None:
    with pytest.raises(EncoderMissing):
        resolve_source(source)


def test_serving_never_imports_torch() -> None:
    code = (
        "import sys, knowledge.base, knowledge.build, knowledge.evaluate\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
