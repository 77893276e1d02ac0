"""Work that a worker has taken, and that is to be done by somebody else: a further task, in the place of the first.

TaskRouter gives a task that is assigned to nobody else (contract 5). The first task's sid is the order's key, and its
attributes are those that the link has kept, so that it is followed by one task, however often that is tried.
"""

import msgspec

from chalicelib.config.schema import Work
from chalicelib.links import model
from chalicelib.links.model import Link
from chalicelib.twilio import rest
from chalicelib.work import posting
from chalicelib.work.order import RESERVED, Order

LEFT_UNDONE = "left_undone"  # the attribute of a task that follows one whose time was over


def post(link: Link, task: rest.tasks.Task, rules: Work, now: float) -> str:
    """The sid of the task that follows the one of this link, as the link's reason says.

    Raises posting.AtWork: it is being made; rest.TwilioRejected, rest.NotDone, and what AWS raises.
    """
    known = {name: value for name, value in link.attributes.items() if name not in RESERVED}
    attributes = {**known, LEFT_UNDONE: True} if link.reason == model.LEFT_UNDONE else known
    order = Order(kind=link.work, key=f"again/{link.task_sid}", attributes=attributes)
    as_before = msgspec.structs.replace(rules, priority=task.priority)
    return posting.post(order, as_before, now, virtual_start=task.created_at).task_sid
