"""`careline nlu check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from careline.commands.nlu.plumbing import AsJson, in_plain_words, read_settings
from careline.commands.output import print_table, write_json
from careline.settings import load_settings

EXIT_GRAVE = 1


def check(
    *,
    data: Annotated[
        Path | None, typer.Option(help="Examples: .jsonl, Rasa .yml or a folder. Default: data/nlu.")
    ] = None,
    valid: Annotated[Path | None, typer.Option(help="Examples to stop and calibrate by.")] = None,
    config: Annotated[str, typer.Option(help="Settings of the training that differ, as JSON.")] = "{}",
    as_json: AsJson = False,
) -> None:
    """Find faults in examples without training; exit code 1 if one is grave."""
    from nlu.checks import find_faults
    from nlu.findings import Severity, describe, shorten, worst_first
    from nlu.settle import settle
    from nlu.splits import read_training
    from nlu.training.data_checks import find_encoder_faults
    from nlu.training.encoders import load_encoder

    settings = read_settings(config)
    with in_plain_words():
        dataset, held_out = read_training(data or load_settings().data / "nlu", valid)
        findings = find_faults(dataset, held_out)
        findings += find_encoder_faults(settle(dataset), load_encoder(settings.encoder), settings)
    findings = worst_first(findings)
    if as_json:
        write_json(
            [{"code": f.code, "severity": f.severity.name.lower(), "message": f.message} for f in findings]
        )
    else:
        rows = [(finding.label, finding.message) for finding in shorten(findings)]
        title = f"{len(dataset.examples)} examples, {len(findings)} findings"
        print_table(title, ["", "finding"], rows, describe(findings))
    if findings and findings[0].severity >= Severity.GRAVE:
        raise typer.Exit(EXIT_GRAVE)
