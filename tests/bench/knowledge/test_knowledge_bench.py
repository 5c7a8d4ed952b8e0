"""The benchmark at toy size: every part runs, goes on where it was, and tells what it found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.knowledge import __main__ as benchmark
from bench.knowledge import gpu
from bench.knowledge.embedding import SYSTEMS
from bench.knowledge.quality import HELP_CENTRE, HELP_CENTRE_FIGURES
from bench.knowledge.report import write_page
from bench.knowledge.results import Figures, make_result, read_results, write_result
from bench.knowledge.texts import FILES, missing_file, read_questions, read_texts
from bench.knowledge.vectors import grow
from knowledge.vectors import unit_rows

WORDS = ["lamp", "sofa", "delivery", "refund", "order", "voucher", "colour", "express", "oak", "fabric"]


def sentence(seed: int) -> str:
    random = np.random.default_rng(seed)
    return f"The {' '.join(random.choice(WORDS, 4))} costs {seed} euro in all."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for number, name in enumerate(FILES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            {
                "id": f"{number}-{i}",
                "title": f"On {WORDS[i % 10]}",
                "text": sentence(100 * number + i),
                "intent": "a_b",
                "response": sentence(9_000 + i),
            }
            for i in range(12)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_texts_and_questions_are_distinct_and_apart(data: Path) -> None:
    texts, questions = read_texts(data, 1_000), read_questions(data)
    assert len(texts) == len(set(texts)) > 50
    assert not {text.text for text in texts} & set(questions)
    assert read_texts(data, 10) == texts[:10]


def test_a_missing_file_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / FILES[3]).unlink()
    assert missing_file(data) == data / FILES[3]
    assert benchmark.main(["--data", str(data)]) == benchmark.EXIT_NO_DATA
    assert FILES[3] in capsys.readouterr().err


def test_a_corpus_grows_by_copies_that_are_near_but_not_the_same() -> None:
    real = unit_rows(np.random.default_rng(0).normal(size=(40, 384)).astype(np.float32))
    grown = grow(real, 200)
    np.testing.assert_array_equal(grown[:40], real)
    np.testing.assert_allclose(np.linalg.norm(grown, axis=1), 1, atol=1e-5)
    nearest = (grown[40:] @ real.T).max(axis=1)
    assert nearest.min() > 0.75
    assert np.median(nearest) < 0.97  # one in forty leans towards itself


def test_every_part_runs_once_and_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "MOST_WITH_WORDS", 60)
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    command += ["--sizes", "60", "400", "--parts", "embed", "search", "words", "answer"]
    command += ["--texts", "50", "--embedded", "8", "--threads", "1"]
    assert benchmark.main(command) == 0
    found = {(one.part, one.system, one.size): one for one in read_results(tmp_path / "out")}
    assert {name for name, _, _ in found} == {"embed", "search", "words", "answer"}
    assert {system for part, system, _ in found if part == "embed"} == set(SYSTEMS)
    assert ("search", "ivf_pq", 400) in found
    assert all(float(one.figures["recall_at_10"]) > 0.9 for one in found.values() if one.part == "search")
    capsys.readouterr()
    assert benchmark.main(command) == 0
    told = capsys.readouterr().out
    assert "running" not in told
    assert "Careline, int8" in told
    assert "at most 15" in told


def test_a_bar_that_is_missed_is_told_as_missed(tmp_path: Path) -> None:
    figures: Figures = {
        "kind": "hnsw",
        "recall_at_10": 0.94,
        "cpu_ms_p50": 1.0,
        "cpu_ms_p99": 2.0,
        "memory_mib": 500,
    }
    exact: Figures = {"kind": "flat", "cpu_ms_p50": 30.0, "batch_queries_per_cpu_s": 60.0}
    for system, values in (("ours", figures), ("flat", exact)):
        write_result(tmp_path, make_result("search", system, 1_000_000, 1, dict(values), ""))
    page = write_page(read_results(tmp_path))
    assert "| 1,000,000 vectors, hnsw: recall@10 | at least 0.95 | 0.94 | no |" in page
    assert "one question at a time | at least 20 | 30 | yes |" in page
    assert "all questions in one batch | at least 20 | 16.7 | no |" in page


def test_the_gpu_script_runs_small_without_one_and_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    assert gpu.main([*command, "--texts", "20", "--threads", "1"]) == 0
    found = {(one.part, one.system, one.size): one for one in read_results(tmp_path / "out")}
    assert {(part, system) for part, system, _ in found} == {
        ("ingest", "bf16-batch-8"),
        ("search", "flat"),
        ("search", "gpu"),
    }
    assert all(one.note == gpu.NO_GPU for one in found.values())
    assert all(one.figures["recall_at_10"] == 1 for one in found.values() if one.part == "search")
    assert gpu.NO_GPU in capsys.readouterr().out


def test_our_help_centre_has_a_table_of_its_own(tmp_path: Path) -> None:
    figures: Figures = {**dict.fromkeys(HELP_CENTRE_FIGURES, 0.5), "questions": 184, "first": 0.777}
    write_result(tmp_path, make_result("quality", HELP_CENTRE, 119, 1, figures, ""))
    page = write_page(read_results(tmp_path))
    assert "| articles | questions | first |" in page
    assert "| 119 | 184 | 0.777 |" in page
    assert "## Quality" not in page
