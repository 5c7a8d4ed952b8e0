from __future__ import annotations

from nlu.progress import SILENCE_SECONDS, Progress, to_log


def test_log_hears_how_far_a_training_is_only_after_a_silence() -> None:
    now, lines = [0.0], list[str]()
    tell = to_log(lines.append, clock=lambda: now[0])
    for seconds, progress in (
        (0.0, Progress("begun")),
        (SILENCE_SECONDS / 2, Progress("a third", share=0.3)),
        (SILENCE_SECONDS, Progress("a half", share=0.5)),
        (SILENCE_SECONDS + 1, Progress("just after", share=0.51)),
        (SILENCE_SECONDS + 2, Progress("an epoch", epoch=1, epochs=2)),
    ):
        now[0] = seconds
        tell(progress)
    assert lines == ["begun", "a half", "an epoch"]
