"""Runs in the engine's environment: train a project with Rasa, load the model, parse what stands in a file."""

import asyncio
import json
import shutil
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
    served = asyncio.run(swap(str(model), project / "var" / "models" / "nlu"))
    (project / "lack.json").write_text(json.dumps(asyncio.run(lack(str(model)))))
    (project / "explained.json").write_text(json.dumps(asyncio.run(explained(str(model)))))
    (project / "served.json").write_text(json.dumps(served))
    (project / "fingerprints.json").write_text(
        json.dumps([fingerprint(), fingerprint(), fingerprint("another")])
    )
    (project / "dialled.json").write_text(json.dumps(dialled(project)))


def fingerprint(trainer_version: str = "") -> str:
    """Give the key under which Rasa's cache looks for the component's model, also as if the trainer were another."""
    from unittest import mock

    from rasa.engine.training import fingerprinting

    import nlu.component
    from nlu.config import TRAINER_VERSION

    with mock.patch.object(nlu.component, "TRAINER_VERSION", trainer_version or TRAINER_VERSION):
        return str(fingerprinting.calculate_fingerprint_key(nlu.component.Understanding, {}, {}))


def dialled(project: Path) -> Any:
    """Understand one text with the dial so strict that it is asked about, and so strict that nothing is; cut another."""
    from dataclasses import replace

    from rasa.shared.nlu.training_data.message import Message

    from nlu.component import Understanding
    from nlu.dial import DialPoint
    from nlu.runtime import load

    understander = load(project / "var" / "models" / "nlu")
    understander.labels = replace(
        understander.labels,
        dial=(DialPoint(0.1, 1.0, 0.0),),
        out_of_scope_threshold=-1e9,
        split_threshold=-1e9,
    )

    def view(share: Any, text: str = "thanks a lot", **more: Any) -> Any:
        config = {**Understanding.get_default_config(), "fallback_threshold": 0, "max_wrong_share": share}
        message = Message.build(text)
        Understanding({**config, **more}, None, None, understander).process([message])
        return message.as_dict(only_output_properties=True)

    views = {str(share): view(share) for share in (None, 0.1, 0)}
    foreign: dict[str, Any] = {"out_of_scope_threshold": 1e9}
    views["foreign"] = view(0.1, **foreign)
    views["foreign, but no matter"] = view(0.1, **foreign, use_out_of_scope=False)
    views["two wishes"] = view(None, "thanks a lot and where is my order NL-10234")
    return views


async def parse(model: str, texts: list[str]) -> list[Any]:
    from rasa.core.agent import load_agent

    agent = await load_agent(model_path=model)
    return [await agent.parse_message(text) for text in texts]


async def lack(model: str) -> str:
    """Say why the network is not computed where the config wishes."""
    from rasa.core.agent import load_agent

    from bot.turns import find_understanding

    understanding = find_understanding((await load_agent(model_path=model)).processor)
    assert understanding is not None
    return understanding.lack


async def explained(model: str) -> Any:
    """Explain a text as the channel does, its offsets and all."""
    from rasa.core.agent import load_agent

    from bot.explain import Explainer
    from bot.turns import find_understanding

    understanding = find_understanding((await load_agent(model_path=model)).processor)
    assert understanding is not None
    return await Explainer(understanding.explain).answer("🚚 thanks a lot")


async def swap(model: str, store: Path) -> list[str]:
    """Name the model that understands, then make a copy of it current, then the first one again."""
    from rasa.core.agent import load_agent

    from nlu.models import point_to, promote_model

    agent = await load_agent(model_path=model)
    first = (store / "current").read_text().strip()
    copy = shutil.copytree(store / first, store / ("f" * 16))
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "model_id": copy.name}))
    served = [await served_until(agent, first)]
    point_to(store, copy.name)
    served.append(await served_until(agent, copy.name))
    promote_model(store, first)
    served.append(await served_until(agent, first))
    shutil.rmtree(copy)
    return served


async def served_until(agent: Any, model_id: str) -> str:
    """Parse until this model understands, for a minute at most; the model that did last."""
    served = ""
    for _ in range(240):
        served = (await agent.parse_message("thanks a lot"))["understanding"]["model_id"]
        if served == model_id:
            break
        await asyncio.sleep(0.25)
    return served


if __name__ == "__main__":
    main(Path(sys.argv[1]))
