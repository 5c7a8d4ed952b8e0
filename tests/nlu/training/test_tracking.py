from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nlu.config import TrainConfig
from nlu.model_folder import read_json
from nlu.models import train_model
from nlu.progress import say_nothing
from nlu.training.fit import count_steps
from tests.nlu.conftest import small_dataset


def test_course_of_a_training_can_be_read_back(tiny_config: TrainConfig, tmp_path: Path) -> None:
    config = replace(tiny_config, epochs=3)
    course = tmp_path / "course"
    model = train_model(small_dataset(), None, tmp_path / "store", config, say_nothing, tensorboard=course)
    events = EventAccumulator(str(course / model.model_id))
    events.Reload()
    steps = count_steps(24, config)
    assert [event.step for event in events.Scalars("loss/step")] == list(range(1, 3 * steps + 1))
    rates = [event.value for event in events.Scalars("learning_rate")]
    assert max(rates) <= config.learning_rate * 1.001
    assert rates[-1] < rates[0]
    epochs = [event.step for event in events.Scalars("held_out/accuracy")]
    assert epochs == [steps, 2 * steps, 3 * steps]
    history = read_json(model.folder, "history.json")
    told = [round(event.value, 5) for event in events.Scalars("held_out/loss")]
    assert told == [round(epoch["held_out_loss"], 5) for epoch in history]


def test_folder_for_the_course_is_no_part_of_the_model(tiny_config: TrainConfig, tmp_path: Path) -> None:
    config = replace(tiny_config, epochs=1)
    plain = train_model(small_dataset(), None, tmp_path / "a", config, say_nothing)
    watched = train_model(
        small_dataset(), None, tmp_path / "b", config, say_nothing, tensorboard=tmp_path / "c"
    )
    assert plain.model_id == watched.model_id
    assert (plain.folder / "model.onnx").read_bytes() == (watched.folder / "model.onnx").read_bytes()
