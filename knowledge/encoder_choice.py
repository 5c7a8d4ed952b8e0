"""Which encoder the next build takes: the one that is configured, or one that was taught from it and promoted.

``encoders/current`` names the promoted one; without it, or when another encoder is configured than it was taught
from, the configured one serves. ``teachings/<encoder id>.json`` keeps what every teaching measured.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from knowledge.encoder_export import encoder_id_of, ensure_encoder
from knowledge.errors import EncoderMissing
from knowledge.folders import CURRENT, read_pointer, replace_pointer
from nlu.files import replace_text

TEACHINGS = "teachings"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Teaching:
    """What came of a teaching.

    Attributes:
        encoder_id: of the taught encoder; its folder is gone when it was not promoted.
        base_id: of the encoder it was taught from.
        data_hash: of all that it was made from.
        taught_at: ISO time, UTC.
        is_better: it was promoted; ``reason`` says why or why not.
        questions, documents: how many were learned from.
        seconds: what training took.
        compared_with: the encoder that was to serve when it was judged.
        held_out, guard: the measurements before and after (guard is empty when there was nothing to ask).
    """

    encoder_id: str
    base_id: str
    data_hash: str
    taught_at: str
    is_better: bool
    reason: str
    questions: int
    documents: int
    seconds: float
    compared_with: str
    held_out: dict[str, Any]
    guard: dict[str, Any]


def wanted_encoder_id(source: str, encoders: Path) -> str:
    """Name the encoder that the next build takes.

    Raises:
        EncoderMissing: the configured one is not there, or the promoted one has no record.
    """
    base_id = encoder_id_of(source)
    chosen = read_pointer(encoders)
    if chosen is None or chosen == base_id:
        return base_id
    teaching = read_teaching(encoders, chosen)
    if teaching is None:
        raise EncoderMissing(chosen, "it was promoted, but there is no record of how it was taught")
    if teaching.base_id != base_id:
        log.warning("knowledge_taught_encoder_passed_over", encoder_id=chosen, taught_from=teaching.base_id)
        return base_id
    return chosen


def ensure_wanted_encoder(source: str, encoders: Path) -> Path:
    """Return the folder of the encoder that the next build takes; the configured one is exported when it must be.

    Raises:
        EncoderMissing: see ``wanted_encoder_id``; or the promoted one's folder is gone.
    """
    wanted = wanted_encoder_id(source, encoders)
    if wanted == encoder_id_of(source):
        return ensure_encoder(source, encoders)
    if not (encoders / wanted).is_dir():
        raise EncoderMissing(encoders / wanted, "it was promoted, but its folder is gone")
    return encoders / wanted


def choose_encoder(encoders: Path, encoder_id: str | None) -> None:
    """Let the next build take a taught encoder, or, with None, the configured one.

    Raises:
        EncoderMissing: it was not taught here, or its folder is gone.
    """
    if encoder_id is None:
        (encoders / CURRENT).unlink(missing_ok=True)
        return
    if read_teaching(encoders, encoder_id) is None or not (encoders / encoder_id).is_dir():
        raise EncoderMissing(encoder_id, "no encoder of this name was taught here and kept")
    replace_pointer(encoders, encoder_id)


def record_teaching(encoders: Path, teaching: Teaching) -> None:
    """Keep what came of a teaching; a reader sees all of it or nothing."""
    folder = encoders.parent / TEACHINGS
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(teaching), indent=2) + "\n"
    replace_text(folder / f"{teaching.encoder_id}.json", text)


def read_teaching(encoders: Path, encoder_id: str) -> Teaching | None:
    """Read what is known about a taught encoder; None when there is no record to be trusted."""
    try:
        text = (encoders.parent / TEACHINGS / f"{encoder_id}.json").read_text(encoding="utf-8")
        return Teaching(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None


def list_teachings(encoders: Path) -> list[Teaching]:
    """List all teachings, the latest last."""
    paths = (encoders.parent / TEACHINGS).glob("*.json")
    found = [teaching for path in paths if (teaching := read_teaching(encoders, path.stem))]
    return sorted(found, key=lambda teaching: teaching.taught_at)
