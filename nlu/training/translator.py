"""A translation model of Hugging Face's sequence-to-sequence shape (Marian, T5, M2M and their like)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from nlu.errors import TranslatorNotFound

_BATCH = 16
_MOST_TOKENS = 128


class Translator:
    """Translates one way, always alike."""

    def __init__(self, name: str) -> None:
        """Load a model by its hub name or folder.

        Raises:
            TranslatorNotFound: it is not there, or is of another shape.
        """
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name)
            self._model = AutoModelForSeq2SeqLM.from_pretrained(name).eval()
        except (OSError, ValueError, ImportError) as error:
            raise TranslatorNotFound(name, str(error).strip().split("\n")[0]) from error

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate each text greedily, without chance; a text may come out blank."""
        translated: list[str] = []
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            read = self._tokenizer(
                batch, return_tensors="pt", padding=True, truncation=True, max_length=_MOST_TOKENS
            )
            with torch.inference_mode():
                written = self._model.generate(
                    input_ids=read["input_ids"],
                    attention_mask=read["attention_mask"],
                    max_new_tokens=_MOST_TOKENS,
                    num_beams=1,
                    do_sample=False,
                )
            translated += self._tokenizer.batch_decode(written, skip_special_tokens=True)
        return [text.strip() for text in translated]
