"""The errors of this room.

NluError
├── ExamplesUnreadable    a file of examples breaks its form (file, line, reason)
├── ExamplesRejected      the examples cannot be trained on, or contradict each other and the call is strict
├── EncoderNotFound       the encoder named in the config is not on this machine
├── TranslatorNotFound    a translation model named in the config is not on this machine
├── MachineUnfit          this machine cannot train as the config says
├── TrainingDiverged      the weights became no numbers, so that there is no model
├── TrainerFailed         the trainer's process ended without a model
├── ReportUnusable        a file of a report is missing or breaks its form
│   └── ReportsDiffer     two reports are not about the same texts
└── ModelUnusable         a model folder must not be served
    ├── ModelMissing      there is no model where one was expected
    ├── ModelTampered     a file differs from what the manifest says
    └── ModelForeign      the folder was written for another format or another program
"""

from __future__ import annotations

from collections.abc import Sequence


class NluError(Exception):
    """Something in understanding went wrong; `code` is stable, `may_retry` says whether a retry may help."""

    code = "nlu_error"
    may_retry = False


class ExamplesUnreadable(NluError):
    """A file of examples breaks its form; line 0 is the file as a whole."""

    code = "examples_unreadable"

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.reason}"


class ExamplesRejected(NluError):
    """The examples cannot be trained on, or contradict each other where a strict call wants them sound."""

    code = "examples_rejected"

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(reasons)
        self.reasons = tuple(reasons)

    def __str__(self) -> str:
        return f"{len(self.reasons)} problem(s) in the examples:\n" + "\n".join(
            f"  {r}" for r in self.reasons
        )


class EncoderNotFound(NluError):
    """The encoder named in the config is not on this machine."""

    code = "encoder_not_found"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"encoder {self.name!r} cannot be loaded: {self.reason}"


class TranslatorNotFound(NluError):
    """A translation model named in the config is not on this machine."""

    code = "translator_not_found"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"translation model {self.name!r} cannot be loaded: {self.reason}"


class MachineUnfit(NluError):
    """The machine cannot train as the config says."""

    code = "machine_unfit"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"this machine cannot train so: {self.reason}"


class TrainingDiverged(NluError):
    """The weights became no numbers."""

    code = "training_diverged"

    def __init__(self, epoch: int) -> None:
        super().__init__(epoch)
        self.epoch = epoch

    def __str__(self) -> str:
        return (
            f"the training came apart in epoch {self.epoch}: weights are no numbers any more, so there is no model; "
            "try a smaller learning_rate"
        )


class TrainerFailed(NluError):
    """The trainer's process ended without a model."""

    code = "trainer_failed"

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(exit_code, reason)
        self.exit_code = exit_code
        self.reason = reason

    def __str__(self) -> str:
        return f"the trainer ended with exit code {self.exit_code}: {self.reason}"


class ReportUnusable(NluError):
    """A file of a report is missing or breaks its form."""

    code = "report_unusable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ReportsDiffer(ReportUnusable):
    """Two reports are not about the same texts with the same expectations, so their figures do not compare."""

    code = "reports_differ"


class ModelUnusable(NluError):
    """A model folder must not be served."""

    code = "model_unusable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"model folder {self.path}: {self.reason}"


class ModelMissing(ModelUnusable):
    """There is no model where one was expected."""

    code = "model_missing"


class ModelTampered(ModelUnusable):
    """A file of the model differs from what the manifest says."""

    code = "model_tampered"


class ModelForeign(ModelUnusable):
    """The folder was written for another format or by another program."""

    code = "model_foreign"
