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

MAX_PARTS = 64
"""Parts of a text that are left out in turn, unless told otherwise: words, in longer texts runs of neighbouring ones."""


@dataclass(frozen=True)
class WordShare:
    """What a word, or a run of neighbouring words, is worth.

    How far the calibrated logits of the first and second intent fall without it.
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

    `words` is in the order of the text, `words_together` words in each, 1 unless the text is long; `is_whole` says that the
    network reads all of the text. `logit_margin` is by how much the
    first intent's calibrated logit leads, 0 or more; with a single intent 0. `first_example` and `second_example` are
    the nearest training texts of the two intents.
    """

    parse: Parse
    evidence: Evidence
    words: tuple[WordShare, ...]
    words_together: int
    is_whole: bool
    logit_margin: float
    first_example: Nearest | None
    second_example: Nearest | None


def explain(
    understander: Understander,
    text: str,
    *,
    threshold: float | None = None,
    most_parts: int = MAX_PARTS,
    workers: int | None = None,
) -> Explanation:
    """Explain what a text is understood as.

    Args:
        understander: the model.
        text: any text; of one without words only the parse and the threshold are told.
        threshold: least familiarity of a text in scope; the calibrated one unless given.
        most_parts: into how many parts the text is cut at most; each costs one run of the network over the whole text.
        workers: threads that share those runs; as many as there are cores unless given.
    """
    parse = understander.parse([text], out_of_scope_threshold=threshold)[0]
    evidence = gather_evidence(understander, parse, threshold)
    if parse.intent is None:
        return Explanation(
            parse,
            evidence,
            (),
            words_together=1,
            is_whole=True,
            logit_margin=0.0,
            first_example=None,
            second_example=None,
        )
    numbers = [understander.labels.intents.index(name) for name, _ in parse.ranking[:2]]
    words = understander.read_words(text)
    together = max(1, -(-len(words) // most_parts))
    spans = [(run[0].start, run[-1].end) for run in _runs(words, together)]
    without = [text[:start] + " " + text[end:] for start, end in spans]
    logits = understander.intent_logits([text, *without], workers=workers)
    return Explanation(
        parse=parse,
        evidence=evidence,
        words=_shares(text, spans, logits, numbers),
        words_together=together,
        is_whole=len(words) == len(split(text).words),
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
        "words_together": explanation.words_together,
        "is_whole": explanation.is_whole,
        "entities": [
            {**asdict(entity), "confidence": round(entity.confidence, 4)} for entity in parse.entities
        ],
    }


def _shares(
    text: str, spans: Sequence[tuple[int, int]], logits: FloatArray, numbers: Sequence[int]
) -> tuple[WordShare, ...]:
    """Tell what the spans are worth by the logits of the whole text and of the text without each."""
    return tuple(
        WordShare(start, end, text[start:end], float(row[numbers[0]]), float(row[numbers[-1]]))
        for (start, end), row in zip(spans, logits[0] - logits[1:], strict=True)
    )


def _runs(words: Sequence[Word], length: int) -> list[Sequence[Word]]:
    return [words[place : place + length] for place in range(0, len(words), length)]


def _nearest_of(understander: Understander, parse: Parse, intent: str | None) -> Nearest | None:
    places = [n for n, example in enumerate(understander.bank_examples) if example.intent == intent]
    if parse.embedding is None or not places:
        return None
    examples = [understander.bank_examples[n] for n in places]
    return find_nearest(parse.embedding, understander.bank[np.asarray(places)], examples, 1)[0]
