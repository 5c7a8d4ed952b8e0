"""What can go wrong behind an action.

ActionsError
├── Unavailable            the other side did not answer in time; a retry may help
│   ├── ShopUnavailable
│   ├── DeskUnavailable
│   └── KnowledgeUnavailable
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
