"""Runs in the engine environment: trains Rasa's pipeline on a JSONL file for some passes and understands two texts."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.understanding.diet import Diet
from nlu.examples import read_dataset

if __name__ == "__main__":
    train = read_dataset(Path(sys.argv[1]))
    fitted = Diet(13, epochs=30).fit(train, None)
    texts = ("where is my order 5", "please cancel the blue lamp 5")
    sys.stdout.write(json.dumps([asdict(fitted.parse(text)) for text in texts]))
