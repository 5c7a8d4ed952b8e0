"""How an encoder is taught. Imports no torch."""

from dataclasses import asdict, dataclass
from typing import Any

from knowledge.encoder_export import DEFAULT_ENCODER


@dataclass(frozen=True, slots=True)
class TeachConfig:
    """How an encoder is trained.

    Attributes:
        encoder: what is begun with: a sentence-transformers folder, or an installed package that carries one.
        passage_tokens: upper bound of a passage, as in the build.
        epochs: passes; each draws other examples of the same lessons.
        batch_size: questions a step; the others' right texts are what a question is told from.
        learning_rate: highest; it rises over a tenth of the steps and then falls to nothing.
        max_tokens: of a text in training; a longer one is cut. The encoder's own limit stays as it was.
        scale: what cosines are multiplied by before the softmax.
        has_near_misses: whether each question is also told from a text that only looks right. Measured 2026-11-25:
            held-out answers of Bitext are found better with them, held-out questions of our help centre worse.
        same_cosine: documents whose vectors are this near say the same: neither is a wrong answer to a question about
            the other, and they are held out together.
        threads: of the training; more than one and the last digits may differ between machines.
        seed: of all that is drawn.
    """

    encoder: str = DEFAULT_ENCODER
    passage_tokens: int = 200
    epochs: int = 2
    batch_size: int = 32
    learning_rate: float = 1e-4
    max_tokens: int = 64
    scale: float = 20.0
    has_near_misses: bool = False
    same_cosine: float = 0.92
    threads: int = 1
    seed: int = 20261125

    def to_json(self) -> dict[str, Any]:
        """Write the settings as an object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RerankConfig:
    """How a reranker is trained.

    Attributes:
        model: what is begun with: a folder in Hugging Face's form, or an installed package that carries one; an encoder
            gets a new head that gives one score, a cross-encoder keeps its own.
        encoder: the one that is configured; it, or the one that was taught from it, makes the ranking.
        passage_tokens: upper bound of a passage, as in the build.
        epochs: passes over the questions; 0 takes the model as it is.
        layers: of the model that are kept, from the bottom; 0 keeps all.
        batch_size: questions a step.
        wrong: passages of other documents beside the right one, drawn anew each pass.
        learning_rate: highest; it rises over a tenth of the steps and then falls to nothing.
        max_tokens: of question and passage together, in training and when serving; a longer one is cut.
        same_cosine: documents whose vectors are this near say the same; neither is wrong for the other's questions.
        threads: of the training; more than one and the last digits may differ between machines.
        seed: of all that is drawn.
    """

    model: str = DEFAULT_ENCODER
    encoder: str = DEFAULT_ENCODER
    passage_tokens: int = 200
    epochs: int = 2
    layers: int = 0
    batch_size: int = 8
    wrong: int = 5
    learning_rate: float = 1e-4
    max_tokens: int = 128
    same_cosine: float = 0.92
    threads: int = 1
    seed: int = 20261125

    def course(self) -> TeachConfig:
        """Say how documents are cut, grouped and held out."""
        return TeachConfig(
            encoder=self.encoder, passage_tokens=self.passage_tokens, same_cosine=self.same_cosine
        )
