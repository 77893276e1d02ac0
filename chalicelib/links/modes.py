"""What differs between the ways in which a task comes to its worker: one policy each (pure)."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

PICK_UP_SECONDS = 5  # what a message may take through the queue

ModeName = Literal["crm-first", "direct", "work", "desk", "desk-work"]


class Mode(NamedTuple):
    """One way. Code asks the mode how a link goes on, and compares no names.

    `by_job`: a job does the CRM work and rings the worker; else TaskRouter rings, by the instruction it is answered.
    `by_worker`: the job rings nobody: after the CRM's yes the worker takes the caller in the browser, by an instruction
    of theirs; or the work, by accepting it.
    `owns_leg`: the worker leg is ours, we placed it and we end it; else Twilio did, and ends it by itself.
    `has_caller`: somebody waits in the queue, and Twilio joins the two; else the worker alone is on the phone, and we
    accept the reservation and end the task.
    """

    name: ModeName
    by_job: bool
    owns_leg: bool
    has_caller: bool = True
    by_worker: bool = False

    @property
    def needs_phone(self) -> bool:
        """Whether a phone of the worker's is rung at all."""
        return self.has_caller or not self.by_worker

    def due_at(self, now: float, deadline: float, reservation_timeout: float) -> float:
        """By when a link that is reserved `now` has got further, in epoch seconds.

        A job has begun within PICK_UP_SECONDS, and dials by `deadline` or not at all; TaskRouter's own leg may ring
        until the reservation ends.
        """
        return min(max(deadline, now), now + PICK_UP_SECONDS) if self.by_job else now + reservation_timeout


CRM_FIRST = Mode("crm-first", by_job=True, owns_leg=True)
DIRECT = Mode("direct", by_job=False, owns_leg=False)
WORK = Mode("work", by_job=True, owns_leg=True, has_caller=False)
DESK = Mode("desk", by_job=True, owns_leg=False, by_worker=True)
DESK_WORK = Mode("desk-work", by_job=True, owns_leg=False, has_caller=False, by_worker=True)

MODES: Mapping[ModeName, Mode] = {mode.name: mode for mode in (CRM_FIRST, DIRECT, WORK, DESK, DESK_WORK)}


def of_task(
    kind: str, queue_mode: ModeName, work: Collection[str], work_at_desk: Collection[str] = (), *, at_desk: bool = False
) -> Mode | None:
    """The mode of a task of this kind in a queue of this mode; None for a kind that nobody knows.

    A caller's task has the kind `call`, and the queue chooses; where the CRM comes first a worker who is `at_desk`
    takes the caller there. `work` are the kinds of work that is no call, `work_at_desk` those of them that this worker
    takes there.
    """
    if kind == "call":
        return DESK if at_desk and queue_mode == CRM_FIRST.name else MODES[queue_mode]
    if kind not in work:
        return None
    return DESK_WORK if kind in work_at_desk else WORK
