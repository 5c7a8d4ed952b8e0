"""Runs in the engine's environment: train a project with Rasa, load the model, parse what stands in a file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any


def main(project: Path) -> None:
    from rasa.model_training import train_nlu

    model = train_nlu(
        str(project / "config.yml"),
        str(project / "data"),
        str(project / "out"),
        domain=str(project / "domain.yml"),
    )
    results = asyncio.run(parse(str(model), json.loads((project / "texts.json").read_text())))
    (project / "results.json").write_text(json.dumps(results))
    (project / "dialled.json").write_text(json.dumps(dialled(project)))


def dialled(project: Path) -> Any:
    """Understand one text with the dial so strict that it is asked about, and so strict that nothing is."""
    from dataclasses import replace

    from rasa.shared.nlu.training_data.message import Message

    from nlu.component import Understanding
    from nlu.dial import DialPoint
    from nlu.runtime import load

    understander = load(project / "var" / "models" / "nlu")
    understander.labels = replace(
        understander.labels, dial=(DialPoint(0.1, 1.0, 0.0),), out_of_scope_threshold=-1e9
    )

    def view(share: Any, **more: Any) -> Any:
        config = {**Understanding.get_default_config(), "fallback_threshold": 0, "max_wrong_share": share}
        message = Message.build("thanks a lot")
        Understanding({**config, **more}, None, None, understander).process([message])
        return message.as_dict(only_output_properties=True)

    views = {str(share): view(share) for share in (None, 0.1, 0)}
    foreign = {"out_of_scope_threshold": 1e9}
    views["foreign"] = view(0.1, **foreign)
    views["foreign, but no matter"] = view(0.1, **foreign, use_out_of_scope=False)
    return views


async def parse(model: str, texts: list[str]) -> list[Any]:
    from rasa.core.agent import load_agent

    agent = await load_agent(model_path=model)
    return [await agent.parse_message(text) for text in texts]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
