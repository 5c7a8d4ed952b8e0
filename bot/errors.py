"""What can go wrong behind the engine's door; each is answered as ``{"code", "message"}``.

::

    EngineError (code, status, message)
    ├── Unauthorized              401 unauthorized
    ├── BadRequest                400 bad_request
    ├── BodyTooLarge              413 body_too_large
    ├── NotExplainable            409 not_explainable
    ├── EngineNotReady            503 engine_not_ready
    ├── ExplainerBusy             503 explainer_busy
    ├── TrackerStoreUnavailable   503 tracker_store_unavailable
    └── TurnFailed                500 turn_failed: nothing was recorded, the same message may be sent again

``message`` is a fixed sentence. What really happened goes to the log and to nobody else.
"""


class EngineError(Exception):
    """A named error of the engine's channel."""

    code = "engine_error"
    status = 500
    message = "The engine could not do this."

    def __str__(self) -> str:
        return self.code


class Unauthorized(EngineError):
    """The bearer token is missing or wrong."""

    code = "unauthorized"
    status = 401
    message = "The bearer token is missing or wrong."


class BadRequest(EngineError):
    """A field is missing, of another type or out of bounds; ``reason`` names the field, never its value."""

    code = "bad_request"
    status = 400

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    @property
    def message(self) -> str:  # type: ignore[override]
        """Say which field was wrong."""
        return f"The request is not valid: {self.reason}."


class BodyTooLarge(EngineError):
    """The body is larger than the channel reads."""

    code = "body_too_large"
    status = 413
    message = "The body is too large."


class EngineNotReady(EngineError):
    """No model is loaded."""

    code = "engine_not_ready"
    status = 503
    message = "No model is loaded."


class NotExplainable(EngineError):
    """The loaded model understands with a component that cannot be explained."""

    code = "not_explainable"
    status = 409
    message = "The loaded model cannot be explained."


class ExplainerBusy(EngineError):
    """Too many explanations are waited for; conversations come first."""

    code = "explainer_busy"
    status = 503
    message = "Too many explanations are asked for at once."


class TrackerStoreUnavailable(EngineError):
    """The tracker store cannot be read or written; nothing was recorded."""

    code = "tracker_store_unavailable"
    status = 503
    message = "The tracker store cannot be reached."


class TurnFailed(EngineError):
    """A turn broke off; nothing was recorded. ``reason`` is a code for logs, ``action`` the one that failed."""

    code = "turn_failed"
    status = 500
    message = "The turn failed and was not recorded."

    def __init__(self, reason: str, action: "str | None" = None) -> None:
        self.reason = reason
        self.action = action
        super().__init__(reason)

    def __str__(self) -> str:
        return f"turn_failed: {self.reason} in {self.action}"
