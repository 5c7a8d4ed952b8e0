"""The customer's goals, one module each: what the bot can find out and do.

``build_actions`` is the only door: it takes the world (shop, desk, knowledge base, clock) and gives the actions that
the action server registers. Importing this package does nothing else.
"""

from __future__ import annotations

from rasa_sdk import Action

from actions.goals.address import ChangeAddressTask
from actions.goals.answer import AnswerAction
from actions.goals.cancel import CancelOrderTask
from actions.goals.complaint import ComplaintTask
from actions.goals.control import CONTROLS
from actions.goals.fallback import FallbackAction
from actions.goals.handoff import HandoffAction
from actions.goals.order_status import OrderLateTask, OrderStatusTask
from actions.goals.problems import ProblemTask
from actions.goals.refund import RefundStatusTask
from actions.goals.returns import ExchangeItemTask, ReturnItemTask
from actions.goals.task import Task, TaskEnd, TaskForm
from actions.goals.ticket_status import TicketStatusTask
from actions.goals.wishes import AnnounceWish
from actions.goals.world import Clock, DialogueSettings, World
from actions.ports import Desk, Knowledge, Shop

TASKS: tuple[type[Task], ...] = (
    OrderStatusTask,
    OrderLateTask,
    CancelOrderTask,
    ChangeAddressTask,
    ReturnItemTask,
    ExchangeItemTask,
    ProblemTask,
    RefundStatusTask,
    ComplaintTask,
    TicketStatusTask,
)


def build_tasks(world: World) -> list[Task]:
    """Build every task over one world."""
    return [task(world) for task in TASKS]


def build_actions(
    shop: Shop, desk: Desk, knowledge: Knowledge, clock: Clock, settings: DialogueSettings | None = None
) -> list[Action]:
    """Build every custom action of the domain. ``clock`` tells the time as aware UTC."""
    world = World(shop, desk, knowledge, clock, settings or DialogueSettings())
    tasks = build_tasks(world)
    by_form = {task.form: task for task in tasks}
    actions: list[Action] = [wrap(task) for task in tasks for wrap in (TaskForm, TaskEnd)]
    actions += [AnnounceWish()]
    actions += [AnswerAction(world), FallbackAction(world, by_form), HandoffAction(world, by_form)]
    actions += [control(world, by_form) for control in CONTROLS]
    return actions


__all__ = ["TASKS", "DialogueSettings", "World", "build_actions", "build_tasks"]
