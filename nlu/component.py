"""Understanding inside the Rasa engine: one component for intents and entities.

The engine has no torch. `train` hands the examples to ``python -m nlu.train`` in the application's environment
(``$CARELINE_APP_PYTHON``), which trains, or finds the same model under ``$CARELINE_VAR/models/nlu``; `load` and
`process` only run the exported model.

Rasa compares the annotations of graph components at run time, so they are no strings here and their types are
imported for real.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import structlog
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.config import TRAINER_VERSION, parse_config
from nlu.device import Device
from nlu.dial import DEFAULT_MAX_WRONG_SHARE, Kind, point_at
from nlu.errors import TrainerFailed
from nlu.evidence import evidence_record, gather_evidence
from nlu.examples import Dataset, Entity, Example, parse_pattern, write_jsonl
from nlu.explain import explain, explanation_record
from nlu.live import LiveUnderstander, Swap
from nlu.runtime import Parse, Part, Understander, load

UNDERSTANDING = "understanding"
"""The key of a parsed message: the model's name, its view of the scope, and the evidence for what was understood."""

STORE = "store"
"""The value of `follow` that names the store which training fills."""

_FOLDER = "model"


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR],
    is_trainable=True,
)
class Understanding(GraphComponent, IntentClassifier, EntityExtractorMixin):  # type: ignore[misc]
    """Fills a message's intent, intent ranking and entities."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the keys that ``config.yml`` may set, with their defaults."""
        return {
            # Share of all messages that may be acted on wrongly. A message that is not sure enough for it becomes
            # nlu_fallback, with the intents to ask about. null: only fallback_threshold decides.
            "max_wrong_share": None,
            # Below this calibrated confidence the intent becomes nlu_fallback; 0 never.
            "fallback_threshold": 0.3,
            # Whether a text that is foreign to everything taught becomes nlu_fallback.
            "use_out_of_scope": True,
            # Least familiarity of a text in scope; null: as calibrated at training. See docs/understanding.md.
            "out_of_scope_threshold": None,
            # Intents kept in the ranking, which is stored with every message.
            "ranking_length": 10,
            # Threads that one message is computed on. One is as fast as two unless the processor is idle.
            "threads": 1,
            # A store of models whose `current` is served as soon as it changes, without a restart; "store": the one that
            # training fills. A model with other intents or entities than this one's is refused. null: never another.
            "follow": None,
            # Where the network is computed: auto (a GPU where there is one), cpu or cuda.
            "device": "auto",
            # Settings of the training that differ from nlu.config.TrainConfig.
            "training": {},
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        understander: Understander | None = None,
    ) -> None:
        """Keep what Rasa gives; without an understander the component can only be trained."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._live: LiveUnderstander | None = None
        if understander is not None:
            self._live = LiveUnderstander(
                understander, _followed(config["follow"]), load=self._load_model, tell=_tell_swap
            )

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Understanding":
        """Create the component that is to be trained; ValueError if its training settings are wrong."""
        del execution_context
        parse_config(config["training"])
        Device(config["device"])
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "Understanding":
        """Load the trained component; any fault of the model folder stops the start (nlu.errors.ModelUnusable)."""
        del execution_context, kwargs
        with model_storage.read_from(resource) as folder:
            understander = load(
                Path(folder) / _FOLDER, threads=int(config["threads"]), device=Device(config["device"])
            )
        structlog.get_logger().info("understanding_loaded", model_id=understander.model_id)
        _warn_of_empty_promise(understander, config["max_wrong_share"])
        if understander.lack:
            structlog.get_logger().warning("understanding_degraded", reason=understander.lack)
        return cls(config, model_storage, resource, understander)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Tell Rasa what else the model depends on, so that its cache gives none of an older trainer."""
        del config
        return TRAINER_VERSION

    @property
    def lack(self) -> str:
        """Why the network is not computed on the wished device; empty when it is."""
        return self._live.current.lack if self._live else ""

    def _load_model(self, folder: Path) -> Understander:
        return load(folder, threads=int(self._config["threads"]), device=Device(self._config["device"]))

    def train(self, training_data: TrainingData) -> Resource:
        """Train in the application's environment, or take the same model from the store."""
        folder = _run_trainer(dataset_of(training_data), self._config["training"])
        with self._model_storage.write_to(self._resource) as target:
            shutil.copytree(folder, Path(target) / _FOLDER)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Fill in what each message means; payloads such as ``/affirm`` are left to Rasa's own handler."""
        if self._live is None:
            raise TrainerFailed(0, "the component was asked to understand before it was loaded")
        understander = self._live.current
        texts = [message for message in messages if not _is_payload(message)]
        parses = understander.parse(
            [str(message.get(TEXT) or "") for message in texts],
            out_of_scope_threshold=self._threshold,
            max_wrong_share=DEFAULT_MAX_WRONG_SHARE if self._dial is None else self._dial,
        )
        for message, parse in zip(texts, parses, strict=True):
            self._fill(message, parse, understander)
        return messages

    def explain(self, text: str, most_parts: int) -> dict[str, Any]:
        """Explain what a text is understood as now, word by word, on one thread so that messages go on beside it.

        Returns:
            The record of `nlu.explain`, and the name of the model.
        """
        if self._live is None:
            raise TrainerFailed(0, "the component was asked to explain before it was loaded")
        understander = self._live.current
        found = explain(
            understander,
            text,
            threshold=self._config["out_of_scope_threshold"],
            most_parts=most_parts,
            workers=1,
        )
        return {"model_id": understander.model_id, **explanation_record(found)}

    def _fill(self, message: Message, parse: Parse, understander: Understander) -> None:
        ranking = [{"name": name, "confidence": value} for name, value in self._ranking(parse)]
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        entities = [_entity_record(entity) for entity in parse.entities]
        message.set(
            ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(entities), add_to_output=True
        )
        message.set(UNDERSTANDING, self._view(parse, understander), add_to_output=True)

    @property
    def _threshold(self) -> float | None:
        """Give the least familiarity; without use_out_of_scope the dial is to pass nothing on as foreign either."""
        threshold: float | None = self._config["out_of_scope_threshold"]
        return float("-inf") if self._dial is not None and not self._config["use_out_of_scope"] else threshold

    @property
    def _dial(self) -> float | None:
        dial = self._config["max_wrong_share"]
        return None if dial is None else float(dial)

    def _view(self, parse: Parse, understander: Understander) -> dict[str, Any]:
        """Give the model's name, its view of the scope, the evidence and, where the dial decides, what to do."""
        evidence = gather_evidence(understander, parse, self._config["out_of_scope_threshold"])
        view: dict[str, Any] = {
            "model_id": understander.model_id,
            "is_out_of_scope": parse.is_out_of_scope,
            "evidence": evidence_record(evidence),
            "parts": [self._part_record(part) for part in parse.parts],
        }
        if self._dial is None:
            return view
        choices = list(parse.decision.intents) if parse.decision.kind is Kind.ASK else []
        return {**view, "decision": parse.decision.kind.value, "choices": choices}

    def _part_record(self, part: Part) -> dict[str, Any]:
        ranking = part.ranking[: self._config["ranking_length"]]
        return {
            "intent": part.intent,
            "confidence": part.confidence,
            "start": part.start,
            "end": part.end,
            "entities": self.add_extractor_name([_entity_record(entity) for entity in part.entities]),
            "ranking": [{"name": name, "confidence": value} for name, value in ranking],
        }

    def _ranking(self, parse: Parse) -> list[tuple[str, float]]:
        """Give the ranking, with the fallback before it when the best intent should not be acted on."""
        ranking = list(parse.ranking[: self._config["ranking_length"]])
        if not ranking or not self._is_to_act(parse):
            return [(DEFAULT_NLU_FALLBACK_INTENT_NAME, 1.0), *ranking]
        return ranking

    def _is_to_act(self, parse: Parse) -> bool:
        if self._config["use_out_of_scope"] and parse.is_out_of_scope:
            return False
        if self._dial is not None and parse.decision.kind is not Kind.ANSWER:
            return False
        return bool(parse.confidence >= self._config["fallback_threshold"])


def _warn_of_empty_promise(understander: Understander, max_wrong_share: float | None) -> None:
    """Say so when the model was fitted on too few texts to act on anything with the dial where it stands."""
    dial = understander.labels.dial
    if max_wrong_share is None or point_at(dial, max_wrong_share).answer_above is not None:
        return
    possible = [point.max_wrong_share for point in dial if point.answer_above is not None]
    structlog.get_logger().warning(
        "dial_promises_nothing", max_wrong_share=max_wrong_share, least_possible=min(possible, default=None)
    )


def _followed(follow: str | None) -> Path | None:
    """Name the store that is followed; None: none."""
    if follow is None:
        return None
    return _store() if follow == STORE else Path(follow)


def _store() -> Path:
    """Name the store that training fills."""
    return Path(os.environ.get("CARELINE_VAR", "var")).resolve() / "models" / "nlu"


def _tell_swap(swap: Swap) -> None:
    log = structlog.get_logger()
    if swap.refusal:
        log.error("understanding_refused", model_id=swap.model_id, reason=swap.refusal, alarm=True)
    else:
        log.info("understanding_swapped", model_id=swap.model_id)


def dataset_of(training_data: TrainingData) -> Dataset:
    """Turn Rasa's training data into examples; it gives the same model id as the files Rasa read them from."""
    examples = [_example_of(message) for message in training_data.intent_examples if message.get(TEXT)]
    synonyms = [(str(surface), str(value)) for surface, value in training_data.entity_synonyms.items()]
    patterns = [parse_pattern(f["name"], f["pattern"]) for f in training_data.regex_features]
    return Dataset(tuple(examples), tuple(synonyms), tuple(patterns))


def _example_of(message: Message) -> Example:
    text = str(message.get(TEXT))
    entities = sorted(
        (
            Entity(int(e["start"]), int(e["end"]), str(e["entity"]), str(e["value"]))
            for e in message.get(ENTITIES, [])
        ),
        key=lambda entity: entity.start,
    )
    return Example(text, str(message.get(INTENT)), tuple(entities), source=repr(text[:60]))


def _entity_record(entity: Any) -> dict[str, Any]:
    return {
        "entity": entity.entity,
        "start": entity.start,
        "end": entity.end,
        "value": entity.value,
        "confidence_entity": entity.confidence,
    }


def _is_payload(message: Message) -> bool:
    """Tell whether the message is a button's payload or was understood before us."""
    text = str(message.get(TEXT) or "").strip()
    rest = text[len(INTENT_MESSAGE_PREFIX) :]
    is_payload = text.startswith(INTENT_MESSAGE_PREFIX) and rest[:1].isidentifier()
    return is_payload or bool((message.get(INTENT) or {}).get("name"))


def _run_trainer(dataset: Dataset, settings: dict[str, Any]) -> Path:
    """Run the trainer in the application's environment; return the model's folder.

    Raises:
        TrainerFailed: the environment is not named, or the trainer ended without a model. Its reasons are on
            standard error, where its progress is.
    """
    python = os.environ.get("CARELINE_APP_PYTHON")
    if not python:
        raise TrainerFailed(
            0, "CARELINE_APP_PYTHON does not name the application's Python; use `careline train`"
        )
    with tempfile.TemporaryDirectory(prefix="careline-nlu-") as scratch:
        data = Path(scratch) / "train.jsonl"
        write_jsonl(dataset, data)
        store = _store()
        store.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", "nlu.train", "--strict", "--data", str(data), "--out", str(store)]
        command += ["--config", json.dumps(settings)]
        done = subprocess.run(  # noqa: S603 - a list of our own making, no shell
            command,
            cwd=Path(__file__).parents[1],
            env=_app_environment(),
            stdout=subprocess.PIPE,
            check=False,
        )
    if done.returncode != 0:
        raise TrainerFailed(done.returncode, "its last lines above say why")
    return Path(json.loads(done.stdout.decode().strip().splitlines()[-1])["folder"])


def _app_environment() -> dict[str, str]:
    """Give the environment without what ties a process to the engine's Python."""
    hidden = {"PYTHONHOME", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[1])}
