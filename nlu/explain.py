"""Why a text was understood so, word by word: each word is left out once, and what changes is what it was worth.

Leaving out is exact and needs nothing but the model as it is served. It costs one run of the network a word, so it is
computed when somebody asks; what every trace carries is `evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nlu.evidence import Evidence, Nearest, evidence_record, find_nearest, gather_evidence
from nlu.runtime import Parse, Understander
from nlu.scores import FloatArray
from nlu.words import Word, split

MAX_WORDS = 64
"""Words that are left out in turn, unless told otherwise; what follows them is not attributed."""


@dataclass(frozen=True)
class WordShare:
    """What a word is worth: how far the calibrated logits of the first and second intent fall without it.

    Above 0 the word speaks for that intent, below 0 against it. `word` is ``text[start:end]``.
    """

    start: int
    end: int
    word: str
    for_first: float
    for_second: float

    @property
    def lean(self) -> float:
        """How far the word speaks for the first intent rather than for the second."""
        return self.for_first - self.for_second


@dataclass(frozen=True)
class Explanation:
    """Everything that stands behind a parse.

    `words` is in the order of the text; `is_whole` says that none was left unweighed. `logit_margin` is by how much the
    first intent's calibrated logit leads, 0 or more; with a single intent 0. `first_example` and `second_example` are
    the nearest training texts of the two intents.
    """

    parse: Parse
    evidence: Evidence
    words: tuple[WordShare, ...]
    is_whole: bool
    logit_margin: float
    first_example: Nearest | None
    second_example: Nearest | None


def explain(
    understander: Understander,
    text: str,
    *,
    threshold: float | None = None,
    most_words: int = MAX_WORDS,
    workers: int | None = None,
) -> Explanation:
    """Explain what a text is understood as.

    Args:
        understander: the model.
        text: any text; of one without words only the parse and the threshold are told.
        threshold: least familiarity of a text in scope; the calibrated one unless given.
        most_words: how many words are weighed; each costs one run of the network over the whole text.
        workers: threads that share those runs; as many as there are cores unless given.
    """
    parse = understander.parse([text], out_of_scope_threshold=threshold)[0]
    evidence = gather_evidence(understander, parse, threshold)
    if parse.intent is None:
        return Explanation(
            parse, evidence, (), is_whole=True, logit_margin=0.0, first_example=None, second_example=None
        )
    numbers = [understander.labels.intents.index(name) for name, _ in parse.ranking[:2]]
    words = split(text).words
    weighed = words[:most_words]
    without = [text[: word.start] + " " + text[word.end :] for word in weighed]
    logits = understander.intent_logits([text, *without], workers=workers)
    return Explanation(
        parse=parse,
        evidence=evidence,
        words=_shares(text, weighed, logits, numbers),
        is_whole=len(weighed) == len(words),
        logit_margin=float(logits[0, numbers[0]] - logits[0, numbers[-1]]),
        first_example=_nearest_of(understander, parse, parse.ranking[0][0]),
        second_example=_nearest_of(understander, parse, evidence.second),
    )


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Write an explanation as JSON."""
    parse = explanation.parse
    return {
        "text": parse.text,
        "intent": parse.intent,
        "confidence": round(parse.confidence, 4),
        "is_out_of_scope": parse.is_out_of_scope,
        **evidence_record(explanation.evidence),
        "logit_margin": round(explanation.logit_margin, 4),
        "first_example": asdict(explanation.first_example) if explanation.first_example else None,
        "second_example": asdict(explanation.second_example) if explanation.second_example else None,
        "words": [
            {**asdict(word), "for_first": round(word.for_first, 4), "for_second": round(word.for_second, 4)}
            for word in explanation.words
        ],
        "is_whole": explanation.is_whole,
        "entities": [
            {**asdict(entity), "confidence": round(entity.confidence, 4)} for entity in parse.entities
        ],
    }


def _shares(
    text: str, words: Sequence[Word], logits: FloatArray, numbers: Sequence[int]
) -> tuple[WordShare, ...]:
    """Tell what the words are worth by the logits of the whole text and of the text without each."""
    return tuple(
        WordShare(w.start, w.end, text[w.start : w.end], float(row[numbers[0]]), float(row[numbers[-1]]))
        for w, row in zip(words, logits[0] - logits[1:], strict=True)
    )


def _nearest_of(understander: Understander, parse: Parse, intent: str | None) -> Nearest | None:
    places = [n for n, example in enumerate(understander.bank_examples) if example.intent == intent]
    if parse.embedding is None or not places:
        return None
    examples = [understander.bank_examples[n] for n in places]
    return find_nearest(parse.embedding, understander.bank[np.asarray(places)], examples, 1)[0]
