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


async def parse(model: str, texts: list[str]) -> list[Any]:
    from rasa.core.agent import load_agent

    agent = await load_agent(model_path=model)
    return [await agent.parse_message(text) for text in texts]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
