from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.errors import EncoderNotFound
from nlu.model_folder import read_labels
from nlu.models import train_model
from nlu.progress import Progress
from nlu.runtime import Network, load
from nlu.training.batches import build_items, collate
from nlu.training.encoders import load_encoder
from nlu.training.export import export_fp32, quantize
from nlu.training.network import JointNetwork
from nlu.training.predict import predict
from tests.nlu.conftest import small_dataset
from tests.nlu.training.encoders import FAMILIES, POSITIONS, write_encoder

TEXTS = ("where is my order 10203", "  please   cancel the blue lamp!", "x", "my, my 'lamp'")


@pytest.mark.parametrize("family", FAMILIES)
def test_encoder_of_any_family_is_trained_exported_and_served(
    family: str, tiny_config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "encoder").mkdir()
    encoder = write_encoder(family, tmp_path / "encoder")
    config = replace(tiny_config, encoder=str(encoder), epochs=2, fold_in_epochs=1)
    model = train_model(small_dataset(), None, tmp_path / "models", config, lambda _: None)
    assert (model.folder / "model.onnx").is_file()
    understander = load(model.folder)
    for text, parse in zip(TEXTS, understander.parse(TEXTS), strict=True):
        assert parse.intent in understander.labels.intents
        assert all(text[entity.start : entity.end] == entity.value for entity in parse.entities)


@pytest.mark.parametrize("family", FAMILIES)
def test_graph_agrees_with_torch_alone_and_in_a_padded_batch(family: str, tmp_path: Path) -> None:
    pretrained = load_encoder(str(write_encoder(family, tmp_path)))
    torch.manual_seed(1)
    network = JointNetwork(pretrained.model, intents=3, tags=5, scale=20.0, dropout=0.1)
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=pretrained.tokens_read(48))
    dataset = small_dataset()
    items = build_items(dataset.in_scope[:6], encoder, dataset.intents, dataset.entity_names)
    items = sorted(items, key=lambda item: len(item.ids))
    assert len(items[0].ids) < len(items[-1].ids)
    export_fp32(network, tmp_path / "m.onnx")
    together = predict(network, items)
    graph = Network(tmp_path / "m.onnx")
    for place, item in enumerate(items):
        alone = predict(network, [item])
        outputs = graph.run(item.ids)
        assert np.allclose(alone.embeddings[0], together.embeddings[place], atol=1e-5)
        assert np.allclose(outputs.embedding, together.embeddings[place], atol=1e-4)
        assert np.allclose(outputs.intent_logits, together.intent_logits[place], atol=1e-3)
        assert np.allclose(outputs.tag_logits, together.tag_logits[place], atol=1e-4)
    batch = collate(items)
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    feeds = {"input_ids": batch.ids.numpy(), "attention_mask": batch.mask.numpy()}
    (embeddings,) = session.run(["embedding"], feeds)
    assert np.allclose(embeddings, together.embeddings, atol=1e-4)
    quantize(tmp_path / "m.onnx", tmp_path / "int8.onnx")
    small = Network(tmp_path / "int8.onnx")
    gaps = [
        1 - float(small.run(i.ids).embedding @ e) for i, e in zip(items, together.embeddings, strict=True)
    ]
    assert max(gaps) < 0.05


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
def test_first_tokens_begin_the_words_with_every_kind_of_tokenizer(family: str, tmp_path: Path) -> None:
    encoder = TextEncoder.load(write_encoder(family, tmp_path) / "tokenizer.json", max_tokens=48)
    for text in ("where is my lamp", " my  lamp, please!", "my-lamp 10203", "a 'lamp'"):
        encoded = encoder.encode([text])[0]
        surfaces = [text[word.start : word.end] for word in encoded.words]
        begun = [_letters(encoder, encoded.ids[token]) for token in encoded.first_tokens]
        assert all(token > 0 for token in encoded.first_tokens)
        assert len(set(encoded.first_tokens)) == len(surfaces)
        for surface, piece in zip(surfaces, begun, strict=True):
            assert surface.startswith(piece), (surface, piece)


def _letters(encoder: TextEncoder, token: int) -> str:
    return str(encoder._tokenizer.id_to_token(token)).lstrip("Ġ▁")


@pytest.mark.parametrize(
    ("family", "read"), [("bert", POSITIONS), ("roberta", POSITIONS - 2), ("mpnet", POSITIONS - 2)]
)
def test_text_longer_than_the_encoder_reads_is_cut_and_that_is_said(
    family: str, read: int, tiny_config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "encoder").mkdir()
    encoder = write_encoder(family, tmp_path / "encoder")
    config = replace(tiny_config, encoder=str(encoder), epochs=1, fold_in_epochs=0, max_tokens=128)
    told: list[Progress] = []
    model = train_model(small_dataset(), None, tmp_path / "models", config, told.append)
    assert any(f"{read} tokens at most, not 128" in progress.message for progress in told)
    assert read_labels(model.folder).max_tokens == read
    assert load(model.folder).parse(["where is my order " * 60])[0].intent


def test_relative_places_set_no_limit(tmp_path: Path) -> None:
    assert load_encoder(str(write_encoder("deberta-v3", tmp_path))).max_tokens is None


def test_encoder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    write_encoder("bert", tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(EncoderNotFound, match=str(tmp_path)):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("share", [0, 2])
def test_encoder_whose_files_are_cut_off_is_named(
    tiny_encoder: Path, tmp_path: Path, file: str, share: int
) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) * share // 3])
    with pytest.raises(EncoderNotFound, match=str(folder)):
        load_encoder(str(folder))


def test_encoder_of_other_shapes_than_its_config_is_named(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    with pytest.raises(EncoderNotFound, match=str(folder)):
        load_encoder(str(folder))


@pytest.mark.parametrize("name", ["", "no such/encoder/here", "../nowhere", "a b"])
def test_encoder_that_is_neither_folder_nor_hub_name_is_told_so(name: str) -> None:
    with pytest.raises(EncoderNotFound, match="no such folder, and it is no hub name"):
        load_encoder(name)


def test_encoder_with_only_a_sentencepiece_file_is_named(tmp_path: Path) -> None:
    write_encoder("xlm-roberta", tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"\x0a\x00")
    with pytest.raises(EncoderNotFound, match=r"tokenizer\.json"):
        load_encoder(str(tmp_path))


def test_decoder_and_encoder_decoder_are_refused(tmp_path: Path) -> None:
    from transformers import T5Config, T5Model

    write_encoder("bert", tmp_path)
    T5Model(T5Config(vocab_size=60, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)).save_pretrained(
        tmp_path
    )
    with pytest.raises(EncoderNotFound, match="encoder"):
        load_encoder(str(tmp_path))
