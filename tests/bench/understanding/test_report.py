from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.understanding.report import write_page
from bench.understanding.results import (
    Eager,
    Machine,
    Result,
    Scores,
    Times,
    read_result,
    read_results,
    summarize,
    write_result,
)

NAN = float("nan")
SCORES = Scores(100, 0, 98, 0.84, 0.83, 0.83, NAN, 0.84, 0.84, NAN, NAN)
RESULT = Result(
    set="banking77-5",
    system="ours",
    seed=13,
    version="abc",
    data_sha256="def",
    date="2026-11-25",
    machine=Machine(2, 24, "a processor", ("avx2",), "", "3.11.7"),
    versions={"torch": "2.13"},
    threads=1,
    training_examples=385,
    wall_seconds=130.0,
    cpu_seconds=125.0,
    peak_mib=900,
    parse_ms=Times(2.0, 3.0),
    parse_cpu_ms=Times(1.9, 2.1),
    scores=SCORES,
    eager=Eager(
        {"1": Times(2.0, 3.0), "2": Times(1.5, 2.0)}, {"1": Times(12.0, 15.0), "2": Times(9.0, 11.0)}
    ),
)


def cells(page: str, first: str, second: str | None = None) -> list[str]:
    """The cells of the first row that begins so."""
    for line in page.splitlines():
        found = [cell.strip() for cell in line.strip("|").split("|")]
        if found[0] == first and (second is None or found[1] == second):
            return found
    raise AssertionError(f"no row {first!r}:\n{page}")


def of_seed(seed: int, accuracy: float) -> Result:
    return replace(RESULT, seed=seed, scores=replace(SCORES, intent_accuracy=accuracy))


def test_seeds_are_averaged_with_their_spread() -> None:
    page = write_page([of_seed(13, 0.82), of_seed(14, 0.84), of_seed(15, 0.86)])
    assert "84.00 ± 2.00 (3)" in cells(page, "BANKING77 5-shot")


def test_a_bar_is_reached_or_it_is_said_that_it_is_not() -> None:
    name = "BANKING77 5-shot: intent accuracy"
    assert cells(write_page([of_seed(13, 0.84)]), name) == [name, "83.0", "84.00", "yes"]
    assert cells(write_page([of_seed(13, 0.82)]), name) == [name, "83.0", "82.00", "no"]


def test_the_published_figures_stand_beside_ours() -> None:
    assert "CPFT 80.9" in cells(write_page([RESULT]), "BANKING77 5-shot")[-1]


def test_training_is_compared_with_diet_by_processor_time() -> None:
    ours = replace(RESULT, set="banking77-10", wall_seconds=290.0, cpu_seconds=280.0)
    diet = replace(RESULT, set="banking77-10", system="diet", cpu_seconds=1400.0, eager=None)
    name = "BANKING77 10-shot: training, processor time, times faster than DIET"
    assert cells(write_page([ours, diet]), name) == [name, "5", "5.0", "yes"]
    assert cells(write_page([replace(ours, cpu_seconds=300.0), diet]), name)[-1] == "no"


def test_eager_torch_is_compared_at_each_number_of_threads() -> None:
    page = write_page([RESULT])
    assert cells(page, "BANKING77 5-shot", "1") == ["BANKING77 5-shot", "1", "2.00", "12.00", "6.0"]
    assert cells(page, "BANKING77 5-shot", "2") == ["BANKING77 5-shot", "2", "1.50", "9.00", "6.0"]


def test_the_processors_time_of_a_message_stands_beside_the_walls() -> None:
    page = write_page([RESULT]).split("## What it costs")[1]
    row = cells(page, "BANKING77 5-shot", "Careline")
    assert row[3:] == ["2 min 10 s", "2 min 05 s", "2.0 / 3.0", "1.9 / 2.1", "900", "1"]
    page = write_page([replace(RESULT, parse_cpu_ms=None)]).split("## What it costs")[1]
    assert cells(page, "BANKING77 5-shot", "Careline")[6] == "–"


def test_unseen_texts_are_wanted_two_points_above_the_svm() -> None:
    ours = replace(RESULT, set="multidogo-airline", scores=replace(SCORES, unseen_accuracy=0.80))
    svm = replace(ours, system="svm", scores=replace(SCORES, unseen_accuracy=0.77))
    row = cells(write_page([ours, svm]), "MultiDoGO airline: unseen texts, 2 points above the SVM")
    assert row[1:] == ["79.0", "80.00", "yes"]


def test_a_result_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_result(tmp_path, RESULT)
    kept = read_result(path)
    assert kept.scores.oos_recall != kept.scores.oos_recall
    assert replace(kept, scores=SCORES) == RESULT
    assert "NaN" not in path.read_text()
    assert [result.seed for result in read_results(tmp_path)] == [13]


def test_without_results_the_page_says_so() -> None:
    assert "Nothing was measured yet." in write_page([])


def test_times_are_the_median_and_the_95th_percentile() -> None:
    assert summarize([float(n) for n in range(100, 0, -1)]) == Times(50.5, 96.0)
    assert summarize([4.0]) == Times(4.0, 4.0)
