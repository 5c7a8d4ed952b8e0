"""The command, with real trainings of toy sets in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.understanding.__main__ import EXIT_NO_DATA, main
from bench.understanding.results import read_result
from bench.understanding.sets import SETS, BenchSet, find_set, load_split


@pytest.fixture
def small_training(tiny_encoder: Path) -> str:
    settings = {
        "encoder": str(tiny_encoder),
        "max_tokens": 48,
        "epochs": 3,
        "precision": "fp32",
        "learning_rate": 3e-3,
    }
    return json.dumps(settings)


def test_what_is_done_is_not_done_again(
    tmp_path: Path,
    write_toy: Callable[[BenchSet], Path],
    small_training: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data, out = write_toy(find_set("clinc150")), tmp_path / "understanding"
    command = ["--data", str(data), "--out", str(out), "--sets", "clinc150", "--config", small_training]
    command += ["--systems", "svm", "frozen", "ours"]
    assert main(command) == 0
    first = {path: (path.stat().st_mtime_ns, read_result(path)) for path in sorted(out.glob("*/*.json"))}
    assert [path.name for path in first] == ["frozen-13.json", "ours-13.json", "svm-13.json"]
    capfd.readouterr()

    assert main(command) == 0
    said = capfd.readouterr().out
    assert "running:" not in said
    assert said.count("done already:") == 3
    assert {path: path.stat().st_mtime_ns for path in first} == {
        path: time for path, (time, _) in first.items()
    }

    ours = first[out / "clinc150" / "ours-13.json"][1]
    assert ours.eager is not None
    assert set(ours.eager.torch) == {"1", "2"}
    assert (ours.scores.texts, ours.scores.oos_texts, ours.training_examples) == (18, 5, 30)
    assert ours.cpu_seconds > 0
    assert ours.peak_mib > 50
    page = out.with_suffix(".md").read_text()
    assert all(title in page for title in ("Careline", "TF-IDF + linear SVM", "CLINC150 full", "Bars"))


def test_other_data_and_force_are_run_again(
    tmp_path: Path, write_toy: Callable[[BenchSet], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    one = find_set("banking77-5")
    data, out = write_toy(one), tmp_path / "understanding"
    command = ["--data", str(data), "--out", str(out), "--sets", one.name, "--systems", "svm"]
    assert main(command) == 0
    assert main([*command, "--list"]) == 0
    assert "done    banking77-5 svm" in capfd.readouterr().out
    assert main([*command, "--force"]) == 0
    assert "running: banking77-5 svm" in capfd.readouterr().out
    with (data / one.train).open("a") as file:
        file.write('{"text": "many thanks", "intent": "thank"}\n')
    assert main([*command, "--list"]) == 0
    assert "to run  banking77-5 svm" in capfd.readouterr().out


@pytest.mark.parametrize("is_folder_there", [False, True])
def test_missing_data_is_said_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_folder_there: bool
) -> None:
    data = tmp_path / "nowhere"
    if is_folder_there:
        data.mkdir()
    assert main(["--data", str(data), "--out", str(tmp_path / "out")]) == EXIT_NO_DATA
    said = capsys.readouterr().err
    missing = data / SETS[0].train if is_folder_there else data
    assert said == f"{missing} is missing. Name the folder with the data sets: --data FOLDER.\n"


def test_the_report_alone_needs_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "understanding"
    assert main(["--report", "--data", str(tmp_path / "nowhere"), "--out", str(out)]) == 0
    assert capsys.readouterr().out.rstrip() == out.with_suffix(".md").read_text().rstrip()


def test_diet_is_run_once_and_only_on_few_examples_unless_named(
    tmp_path: Path, write_toy: Callable[[BenchSet], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [one for one in SETS if one.name.startswith("banking77")]
    (data,) = {write_toy(one) for one in sets}
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--list"]
    names = [one.name for one in sets]
    main([*command, "--sets", *names])
    listed = capsys.readouterr().out
    assert listed.count("diet") == 2
    assert listed.count("banking77-5 ours") == 3
    assert listed.count("banking77-5 svm") == 1
    main([*command, "--sets", "banking77", "--systems", "diet"])
    assert capsys.readouterr().out.count("banking77 diet seed 13") == 1


def test_texts_out_of_scope_are_asked_and_never_trained_on(write_toy: Callable[[BenchSet], Path]) -> None:
    full, few = find_set("clinc150"), find_set("clinc150-5")
    split = load_split(full, write_toy(full))
    assert split.valid is not None
    assert [bool(part.out_of_scope) for part in (split.train, split.valid, split.test)] == [False, True, True]
    assert not load_split(few, write_toy(few)).test.out_of_scope


def test_a_text_of_train_is_not_unseen(write_toy: Callable[[BenchSet], Path]) -> None:
    one = find_set("multidogo-airline")
    split = load_split(one, write_toy(one))
    unseen = {e.text for e, is_unseen in zip(split.test.examples, split.unseen(), strict=True) if is_unseen}
    assert "thank you 9" not in unseen
    assert "thank you 10" in unseen


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_there_is_at_least_one_run_at_a_time(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--jobs", jobs])
    assert "not a whole number of at least 1" in capsys.readouterr().err
