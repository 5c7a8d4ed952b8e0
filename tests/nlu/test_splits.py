"""A set in parts: each command reads its own, and no test text is learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.examples import Dataset, Example, write_jsonl
from nlu.splits import choose_part, read_training


def write(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        write_jsonl(Dataset((Example(f"a text of {name}", "greet"),)), folder / f"{name}.jsonl")


def texts(dataset: Dataset | None) -> list[str]:
    return [example.text for example in dataset.examples] if dataset else []


def test_of_a_set_in_parts_train_is_learned_and_valid_held_out(tmp_path: Path) -> None:
    write(tmp_path, "test", "train", "train_5shot", "valid")
    learned, held_out = read_training(tmp_path, None)
    assert (texts(learned), texts(held_out)) == (["a text of train"], ["a text of valid"])
    assert choose_part(tmp_path, "test") == tmp_path / "test.jsonl"


def test_what_is_given_to_hold_out_goes_before_the_part(tmp_path: Path) -> None:
    write(tmp_path / "set", "test", "train", "valid")
    write(tmp_path / "other", "mine")
    write(tmp_path / "third", "train", "valid")
    for valid, text in (("other", "mine"), ("other/mine.jsonl", "mine"), ("third", "valid")):
        learned, held_out = read_training(tmp_path / "set", tmp_path / valid)
        assert (texts(learned), texts(held_out)) == (["a text of train"], [f"a text of {text}"])


def test_a_set_without_a_valid_part_holds_out_none_by_itself(tmp_path: Path) -> None:
    write(tmp_path, "test", "train")
    assert texts(read_training(tmp_path, None)[0]) == ["a text of train"]
    assert read_training(tmp_path, None)[1] is None
    assert choose_part(tmp_path, "valid") == tmp_path


def test_where_there_is_no_test_part_the_next_one_is_taken(tmp_path: Path) -> None:
    write(tmp_path, "train", "valid")
    assert choose_part(tmp_path, "test", "valid") == tmp_path / "valid.jsonl"


@pytest.mark.parametrize("names", [("train",), ("orders", "returns"), ("orders", "test")])
def test_a_folder_of_files_that_belong_together_is_read_whole(tmp_path: Path, names: tuple[str, ...]) -> None:
    write(tmp_path, *names)
    assert texts(read_training(tmp_path, None)[0]) == [f"a text of {name}" for name in names]
    assert choose_part(tmp_path, "test") == tmp_path


def test_a_file_is_itself(tmp_path: Path) -> None:
    write(tmp_path, "test", "train", "valid")
    file = tmp_path / "valid.jsonl"
    assert choose_part(file, "test") == file
    assert texts(read_training(file, None)[0]) == ["a text of valid"]
