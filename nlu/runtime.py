"""The trained model at work: ONNX Runtime, tokenizers and NumPy, no torch.

On a processor texts are run one by one. Dynamic quantisation scales the activations of a whole batch together, so in a
batch an answer would depend on its neighbours. Many texts are run side by side on a few threads instead: ONNX Runtime
frees the interpreter while it computes, and each answer stays, to the bit, the one that the text gets alone. On a GPU,
whose graphs are fp32, they are run in batches.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnxruntime

from nlu.device import CUDA_PROVIDER, MAX_WORKERS, Device, choose_providers, count_cores, explain_fallback
from nlu.dial import DEFAULT_MAX_WRONG_SHARE, PASSED_ON, Decision, DialPoint, decide, point_at
from nlu.encoding import Encoded, TextEncoder
from nlu.errors import ModelForeign, ModelUnusable
from nlu.examples import without_overlaps
from nlu.grouping import group_by_length
from nlu.model_folder import (
    BankExample,
    Labels,
    Manifest,
    read_bank_examples,
    read_json,
    read_labels,
    resolve_model,
    verify_folder,
)
from nlu.multi import LEAST_WORDS, View, find_compounds, find_cuts, find_pieces, place_compound
from nlu.scores import SCORES, Bank, FloatArray, softmax
from nlu.tags import allowed_steps, decode_tags
from nlu.words import Word

OUTPUTS = ("intent_logits", "tag_logits", "embedding")

MOST_TOKENS_TOGETHER = 16_384
"""Of a batch on a GPU, padding included: some thousand short messages, or 128 of the longest."""

INT8_ON_CPU = (
    "the model's weights are int8, which are made for processors; for a GPU train it with quantize: false"
)

Ranking = tuple[tuple[str, float], ...]
"""Intents with their calibrated probabilities, best first."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class FoundEntity:
    """A detail found in a text: `value` is ``text[start:end]``, or the canonical form of that.

    `is_exact` says that a pattern found it, not the network.
    """

    start: int
    end: int
    entity: str
    value: str
    confidence: float
    is_exact: bool = False


@dataclass(frozen=True)
class Part:
    """One of several wishes in a text: ``text[start:end]`` means `intent`.

    `ranking` is every intent with its calibrated probability for these words alone, best first; `entities` are those
    of the whole text that lie in the part, with their places in the whole text.
    """

    intent: str
    confidence: float
    start: int
    end: int
    entities: tuple[FoundEntity, ...]
    ranking: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Parse:
    """What one text was understood as.

    `ranking` is every intent with its calibrated probability, best first. For a text without words `intent` is None,
    `confidence` 0 and every intent equally likely. `familiarity` is the score that
    decided `is_out_of_scope`; higher is more familiar. `decision` is what the operator's dial makes of it. `embedding` is
    the text's, (dimension,) of unit length; None for a text without words. `parts` are the wishes of a text with several,
    in its order; all else is said of the whole text. For other texts it is empty.
    """

    text: str
    intent: str | None
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[FoundEntity, ...]
    is_out_of_scope: bool
    familiarity: float
    decision: Decision = PASSED_ON
    embedding: FloatArray | None = field(default=None, compare=False, repr=False)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """What the network gives for one text: (intents,), (tokens, tags) and the unit embedding (dimension,)."""

    intent_logits: FloatArray
    tag_logits: FloatArray
    embedding: FloatArray


class Network:
    """The ONNX graph. `lack` says why it is not computed where it was wanted; empty when it is."""

    def __init__(self, path: Path, *, threads: int = 1, device: Device = Device.AUTO) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads win a tenth of a millisecond and burn a core that the desk needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        chosen = choose_providers(device, onnxruntime.get_available_providers())
        if CUDA_PROVIDER in chosen.names:
            _load_cuda()
        self._session = onnxruntime.InferenceSession(str(path), options, providers=list(chosen.names))
        self.lack = explain_fallback(chosen, self._session.get_providers())

    @property
    def is_on_gpu(self) -> bool:
        """Whether it is computed on a GPU, which is made for many texts at once."""
        return CUDA_PROVIDER in self._session.get_providers()

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of what the graph gives."""
        return tuple(output.name for output in self._session.get_outputs())

    def run(self, ids: Sequence[int]) -> Outputs:
        """Run one text of at least one token."""
        batch = np.asarray([ids], dtype=np.int64)
        feeds = {"input_ids": batch, "attention_mask": np.ones_like(batch)}
        logits, tags, embedding = self._session.run(list(OUTPUTS), feeds)
        return Outputs(logits[0], tags[0], embedding[0])

    def run_together(self, texts: Sequence[Sequence[int]]) -> list[Outputs]:
        """Run texts of at least one token in batches of like length; the order is kept.

        A graph without int8 gives each what it would get alone, but for the last digits.
        """
        outputs: dict[int, Outputs] = {}
        for rows in group_by_length([len(ids) for ids in texts], MOST_TOKENS_TOGETHER):
            width = len(texts[rows[-1]])
            filled = [[1] * len(texts[row]) + [0] * (width - len(texts[row])) for row in rows]
            mask = np.array(filled, dtype=np.int64)
            ids = np.zeros_like(mask)
            ids[mask == 1] = [token for row in rows for token in texts[row]]
            feeds = {"input_ids": ids, "attention_mask": mask}
            logits, tags, embeddings = self._session.run(list(OUTPUTS), feeds)
            outputs.update(zip(rows, map(Outputs, logits, tags, embeddings), strict=True))
        return [outputs[row] for row in range(len(texts))]


class Understander:
    """A loaded model. It holds no state between calls and may be shared between threads.

    `bank` holds the embeddings of the training texts, (m, dimension) float32 rows of unit length; `bank_examples` are
    those texts with their intents, in the same order.
    """

    def __init__(
        self,
        manifest: Manifest,
        labels: Labels,
        encoder: TextEncoder,
        network: Network,
        bank: FloatArray,
        bank_examples: tuple[BankExample, ...],
    ) -> None:
        self.manifest = manifest
        self.labels = labels
        self._encoder = encoder
        self._network = network
        self.bank = bank
        self.bank_examples = bank_examples
        self._score = SCORES[labels.score]
        numbers = {intent: number for number, intent in enumerate(labels.intents)}
        taught = [numbers[example.intent] for example in bank_examples]
        self._near = Bank.build(bank, taught, count=len(numbers))
        self._allowed = allowed_steps(labels.entities, labels.adjacent)
        self._compounds = find_compounds(labels.intents)
        self._asides = frozenset(numbers[intent] for intent in labels.asides)
        self._synonyms = dict(labels.synonyms)
        self._patterns = [(entity, re.compile(expression)) for entity, expression in labels.patterns]

    @property
    def model_id(self) -> str:
        """The model's name: a hash of its data, config and versions."""
        return self.manifest.model_id

    @property
    def lack(self) -> str:
        """Why the network is not computed where it was wanted; empty when it is."""
        return self._network.lack

    def parse(
        self,
        texts: Sequence[str],
        *,
        out_of_scope_threshold: float | None = None,
        max_wrong_share: float = DEFAULT_MAX_WRONG_SHARE,
        workers: int | None = None,
    ) -> list[Parse]:
        """Understand each text by itself; the order is kept.

        On a processor neither company nor workers change an answer; on a GPU the texts go through the network together,
        which may change last digits.

        Args:
            texts: any text; beyond the model's longest length a text is not read on.
            out_of_scope_threshold: least familiarity of a text in scope; the calibrated one unless given.
            max_wrong_share: the operator's dial, which decides whether to answer, ask or pass on (nlu.dial).
            workers: texts computed at once; as many as there are cores unless given.
        """
        threshold = (
            self.labels.out_of_scope_threshold if out_of_scope_threshold is None else out_of_scope_threshold
        )
        point = point_at(self.labels.dial, max_wrong_share)
        encoded = self._encoder.encode(texts)
        known = self._compute_ahead(encoded)
        items = list(zip(texts, encoded, known, strict=True))
        return side_by_side(lambda item: self._parse_one(*item, threshold, point), items, workers)

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed each text: (n, d) float32, rows of unit length."""
        encoded = self._encoder.encode(texts)
        rows = [one.embedding for one in self._compute(encoded, None)]
        return np.stack(rows) if rows else np.zeros((0, self.bank.shape[1]), dtype=np.float32)

    def read_words(self, text: str) -> tuple[Word, ...]:
        """Find the words of a text that the network reads; what follows them is beyond its longest length."""
        encoded = self._encoder.encode([text])[0]
        seen = [place for place, token in enumerate(encoded.first_tokens) if token >= 0]
        return encoded.words[: seen[-1] + 1] if seen else ()

    def intent_logits(self, texts: Sequence[str], *, workers: int | None = None) -> FloatArray:
        """Compute each text's calibrated logits: (n, intents), in the order of `labels.intents`; `workers` as in `parse`."""
        encoded = self._encoder.encode(texts)
        rows = [one.intent_logits for one in self._compute(encoded, workers)]
        stacked = np.stack(rows) if rows else np.zeros((0, len(self.labels.intents)), dtype=np.float32)
        return np.asarray(stacked / self.labels.temperature, dtype=np.float32)

    def _compute(self, encoded: Sequence[Encoded], workers: int | None) -> list[Outputs]:
        pairs = list(zip(encoded, self._compute_ahead(encoded), strict=True))
        return side_by_side(lambda pair: pair[1] or self._network.run(pair[0].ids), pairs, workers)

    def _compute_ahead(self, encoded: Sequence[Encoded]) -> Sequence[Outputs | None]:
        """Compute all texts at once where there is a GPU; elsewhere nothing yet."""
        if not self._network.is_on_gpu:
            return [None] * len(encoded)
        return self._network.run_together([one.ids for one in encoded])

    def _parse_one(
        self, text: str, encoded: Encoded, known: Outputs | None, threshold: float, point: DialPoint
    ) -> Parse:
        if not encoded.words:
            return self._parse_nothing(text)
        outputs = known or self._network.run(encoded.ids)
        view = self._view(outputs, threshold)
        ranking = self._rank(view.logits)
        entities = tuple(self._entities(text, encoded, outputs.tag_logits))
        return Parse(
            text=text,
            intent=ranking[0][0],
            confidence=ranking[0][1],
            ranking=ranking,
            entities=entities,
            is_out_of_scope=view.is_out_of_scope,
            familiarity=view.familiarity,
            decision=decide(ranking, point, is_foreign=view.is_out_of_scope),
            embedding=outputs.embedding,
            parts=self._parts(text, encoded.words, view, entities, threshold),
        )

    def _parts(
        self,
        text: str,
        words: tuple[Word, ...],
        whole: View,
        entities: tuple[FoundEntity, ...],
        threshold: float,
    ) -> tuple[Part, ...]:
        """Find the wishes of a text that has several; the sides of its cuts are run through the network again."""
        compound = self._compounds.get(self.labels.intents[whole.best])
        least = self.labels.split_threshold
        cuts = find_cuts(text, words) if compound or least is not None else []
        end = words[-1].end

        @cache
        def look(start: int, stop: int) -> View:
            return whole if (start, stop) == (0, end) else self._look(text[start:stop], threshold)

        if compound:
            ranking = self._rank(whole.logits)
            placed = place_compound(compound, end, cuts, look)
            return tuple(_part(self.labels.intents[i], ranking, a, b, entities) for i, a, b in placed)
        if least is None or not cuts:
            return ()
        pieces = find_pieces(end, cuts, look, least, self._asides)
        ranked = [(self._rank(piece.view.logits), piece) for piece in pieces]
        return tuple(_part(ranks[0][0], ranks, p.start, p.end, entities) for ranks, p in ranked)

    def _look(self, text: str, threshold: float) -> View:
        """Understand a piece of a text by itself; one of too few words is out of scope."""
        encoded = self._encoder.encode([text])[0]
        view = self._view(self._network.run(encoded.ids), threshold)
        return view if len(encoded.words) >= LEAST_WORDS else replace(view, is_out_of_scope=True)

    def _view(self, outputs: Outputs, threshold: float) -> View:
        logits = outputs.intent_logits[None] / self.labels.temperature
        familiarity = float(self._score(logits, outputs.embedding[None], self._near)[0])
        return View(logits[0], familiarity < threshold, familiarity)

    def _rank(self, logits: FloatArray) -> Ranking:
        probabilities = softmax(logits[None])[0]
        order = np.argsort(-probabilities, kind="stable")
        return tuple((self.labels.intents[i], float(probabilities[i])) for i in order)

    def _parse_nothing(self, text: str) -> Parse:
        share = 1 / len(self.labels.intents)
        ranking = tuple((intent, share) for intent in self.labels.intents)
        return Parse(text, None, 0.0, ranking, (), is_out_of_scope=True, familiarity=float("-inf"))

    def _entities(self, text: str, encoded: Encoded, tag_logits: FloatArray) -> list[FoundEntity]:
        """Find the exact entities by pattern, then the network's where no exact one stands; in the text's order."""
        found = [
            self._found(text, match.start(), match.end(), entity, 1.0, is_exact=True)
            for entity, pattern in self._patterns
            for match in pattern.finditer(text[: encoded.words[-1].end])
            if match.end() > match.start()
        ]
        found = without_overlaps(found)
        for start, end, entity, confidence in self._tagged(encoded, tag_logits):
            if all(end <= other.start or start >= other.end for other in found):
                found.append(self._found(text, start, end, entity, confidence))
        return sorted(found, key=lambda entity: entity.start)

    def _tagged(self, encoded: Encoded, tag_logits: FloatArray) -> list[tuple[int, int, str, float]]:
        """Read the tags, one for every token that begins a word; words of one token go together."""
        starts: dict[int, tuple[int, int]] = {}
        for word, token in zip(encoded.words, encoded.first_tokens, strict=True):
            if token >= 0:
                first, _ = starts.get(token, (word.start, word.end))
                starts[token] = (first, word.end)
        units = list(starts.values())
        spans = decode_tags(softmax(tag_logits[list(starts)]), self.labels.entities, self._allowed)
        return [(units[s.first][0], units[s.last][1], s.entity, s.confidence) for s in spans]

    def _found(
        self, text: str, start: int, end: int, entity: str, confidence: float, *, is_exact: bool = False
    ) -> FoundEntity:
        surface = text[start:end]
        value = self._synonyms.get(surface.casefold(), surface)
        return FoundEntity(start, end, entity, value, confidence, is_exact)


def _part(intent: str, ranking: Ranking, start: int, end: int, entities: tuple[FoundEntity, ...]) -> Part:
    inside = tuple(entity for entity in entities if start <= entity.start and entity.end <= end)
    return Part(intent, ranking[0][1], start, end, inside, ranking)


def load(path: Path | str, *, threads: int = 1, device: Device = Device.AUTO) -> Understander:
    """Load a model folder, or the current model of a folder of models.

    Args:
        path: the folder.
        threads: threads that one text is computed on.
        device: where; without that device the CPU, and `Understander.lack` says so. A model with int8 weights is always
            computed on the CPU, for which they are made.

    Raises:
        ModelUnusable: the model is missing, was changed after it was written, or is none of ours.
    """
    folder = resolve_model(Path(path))
    manifest = verify_folder(folder)
    labels = read_labels(folder)
    if labels.score not in SCORES:
        raise ModelForeign(str(folder), f"unknown familiarity score {labels.score!r}")
    try:
        encoder = TextEncoder.load(folder / "tokenizer.json", max_tokens=labels.max_tokens)
        network = _open_network(folder, threads=threads, device=device)
        bank: Any = np.load(folder / "neighbours.npy", allow_pickle=False)
    except (
        Exception
    ) as error:  # the libraries raise bare Exceptions of many kinds for a file they cannot read
        raise ModelUnusable(str(folder), f"cannot be loaded: {error}") from error
    if set(OUTPUTS) - set(network.output_names):
        raise ModelForeign(str(folder), f"model.onnx gives {', '.join(network.output_names)}")
    examples = read_bank_examples(folder)
    if len(examples) != len(bank):
        raise ModelForeign(str(folder), f"{len(examples)} training texts, {len(bank)} embeddings")
    strange = {example.intent for example in examples} - set(labels.intents)
    if strange:
        raise ModelForeign(str(folder), f"training texts of unknown intents: {', '.join(sorted(strange))}")
    return Understander(manifest, labels, encoder, network, np.asarray(bank, dtype=np.float32), examples)


def _open_network(folder: Path, *, threads: int, device: Device) -> Network:
    """Open the graph of a model folder on the device that it is made for."""
    if read_json(folder, "metrics.json")["precision"]["kept"] != "int8":
        return Network(folder / "model.onnx", threads=threads, device=device)
    network = Network(folder / "model.onnx", threads=threads, device=Device.CPU)
    if device is Device.CUDA:
        network.lack = INT8_ON_CPU
    return network


@cache
def _load_cuda() -> None:
    """Load CUDA's libraries where they came as Python packages; ONNX Runtime does not look there by itself."""
    with redirect_stdout(sys.stderr):  # where it tells what it did not find
        onnxruntime.preload_dlls()


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], workers: int | None) -> list[Result]:
    """Do the work for each item on a few threads, which live no longer than this call; the order is kept.

    `workers` threads, or as many as there are cores (8 at most).
    """
    threads = min(len(items), min(count_cores(), MAX_WORKERS) if workers is None else workers)
    if threads <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads, thread_name_prefix="understanding") as pool:
        return list(pool.map(work, items))
