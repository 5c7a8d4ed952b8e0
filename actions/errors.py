"""What can go wrong behind an action.

ActionsError
├── Unavailable            the other side did not answer in time; a retry may help
│   ├── ShopUnavailable
│   ├── DeskUnavailable
│   │   ├── LinkDown       the link is down: nothing was sent, or the answer is lost
│   │   └── RequestTimeout the desk did not answer a request in time; it may have done it
│   └── KnowledgeUnavailable
├── ActionTimeout          an action took longer than it may
├── EffectUncertain        an effect was begun and nobody knows how it ended
├── MissingSecret          a token is empty or too short: refuse to start
├── OrderNotFound          no such order
├── OrderRefused           the order's state does not allow what was asked
└── TicketNotFound         no such ticket, or not this customer's

Customers never see these: each goal says a sentence of its own. ``code`` is stable, for logs and agents.
"""


class ActionsError(Exception):
    """The root; ``code`` names the error, ``retryable`` says whether trying again may help."""

    code = "actions_error"
    retryable = False


class Unavailable(ActionsError):
    """The other side did not answer, or not in time."""

    code = "unavailable"
    retryable = True

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(f"{self.code}: {reason}" if reason else self.code)


class ShopUnavailable(Unavailable):
    """The shop's database or service did not answer."""

    code = "shop_unavailable"


class DeskUnavailable(Unavailable):
    """The desk could not be reached and the request could not be kept for later either."""

    code = "desk_unavailable"


class LinkDown(DeskUnavailable):
    """The link to the desk is down: nothing was sent, or the answer is lost."""

    code = "link_down"


class RequestTimeout(DeskUnavailable):
    """The desk did not answer a request in time; it may have done it."""

    code = "request_timeout"


class KnowledgeUnavailable(Unavailable):
    """The knowledge base has no index or could not be read."""

    code = "knowledge_unavailable"


class OrderNotFound(ActionsError):
    """There is no order with this number."""

    code = "order_not_found"

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(f"no order {number}")


class OrderRefused(ActionsError):
    """The order is in a state that does not allow the change; ``reason`` is a code such as ``already_shipped``."""

    code = "order_refused"

    def __init__(self, number: str, reason: str) -> None:
        self.number = number
        self.reason = reason
        super().__init__(f"order {number}: {reason}")


class TicketNotFound(ActionsError):
    """There is no such ticket for this customer."""

    code = "ticket_not_found"

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(f"no ticket {number}")


class ActionTimeout(ActionsError):
    """An action took longer than it may."""

    code = "action_timeout"
    retryable = True

    def __init__(self, action: str, timeout_seconds: float) -> None:
        self.action = action
        self.timeout_seconds = timeout_seconds
        super().__init__(f"{action} took longer than {timeout_seconds} s")


class EffectUncertain(ActionsError):
    """An effect was begun and nobody knows how it ended; doing it again could do it twice."""

    code = "effect_uncertain"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"effect {key} was begun and its end is unknown")


class MissingSecret(ActionsError):
    """A token is empty or too short; a server without one does not start."""

    code = "missing_secret"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the secret {name} is empty or shorter than 16 characters")
