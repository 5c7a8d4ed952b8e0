"""Paraphrases of the examples by back-translation: into another language and back again.

Translating is slow, so what came of each text is kept in a file beside the models and asked for once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from nlu.checks import comparable
from nlu.config import TrainConfig
from nlu.examples import Entity, Example, Made
from nlu.files import replace_text
from nlu.training.identity import encoder_sha256

_FOLDER = ".paraphrases"


def back_translate(
    examples: Sequence[Example], known: Collection[str], config: TrainConfig, store: Path
) -> tuple[Made, ...]:
    """Paraphrase each example once.

    Args:
        examples: what to paraphrase.
        known: other texts that no paraphrase may copy.
        config: names both models.
        store: the folder of models; the paraphrases are kept in it.

    Raises:
        TranslatorNotFound: a model is not on this machine.
    """
    names = (config.translation_model_out, config.translation_model_back)
    key = hashlib.sha256("\n".join(map(encoder_sha256, names)).encode()).hexdigest()[:16]
    paraphrases = _Paraphrases(store / _FOLDER / f"{key}.json")
    paraphrases.complete([example.text for example in examples], names)
    return keep_faithful(examples, paraphrases.by_text, known)


def keep_faithful(
    examples: Sequence[Example], paraphrases: Mapping[str, str], known: Collection[str] = ()
) -> tuple[Made, ...]:
    """Make an example of each paraphrase that says something new and still names every detail.

    A paraphrase that is a copy of any example, of a known text or of another paraphrase is left out. So is one in which a
    detail does not stand exactly once, letter by letter, in the order of the example.
    """
    seen = {comparable(text) for text in (*known, *(example.text for example in examples))}
    made: list[Made] = []
    for example in examples:
        text = paraphrases[example.text]
        entities = _find_again(example, text)
        if entities is None or not text.strip() or comparable(text) in seen:
            continue
        seen.add(comparable(text))
        made.append(Made(Example(text, example.intent, entities), origin=example.text))
    return tuple(made)


def _find_again(example: Example, text: str) -> tuple[Entity, ...] | None:
    found: list[Entity] = []
    end = 0
    for entity in example.entities:
        surface = example.text[entity.start : entity.end]
        start = text.find(surface)
        if text.count(surface) != 1 or start < end:
            return None
        end = start + len(surface)
        found.append(Entity(start, end, entity.entity, entity.value))
    return tuple(found)


class _Paraphrases:
    """The paraphrases of two models, in a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.by_text: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def complete(self, texts: Sequence[str], names: tuple[str, str]) -> None:
        """Translate the texts that are missing, and keep what came of them."""
        missing = list(dict.fromkeys(text for text in texts if text not in self.by_text))
        if not missing:
            return
        # Loads torch, which a training that is up to date does without.
        from nlu.training.translator import Translator

        translated: Sequence[str] = missing
        for name in names:
            translated = Translator(name).translate(translated)
        self.by_text.update(zip(missing, translated, strict=True))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(self._path, json.dumps(self.by_text, ensure_ascii=False))
