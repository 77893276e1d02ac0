"""The account's workspaces, and what voice asks of them: a call belongs to the one of its workflow (contract 3.1)."""

from collections.abc import Mapping

from emulator.ports import TwilioError
from emulator.taskrouter.model import Reservation
from emulator.taskrouter.workspace import WorkspaceEngine


class Workspaces:
    """Implements `TaskRouterPort`. A new account has no workspace; whoever makes one adds it to `engines`."""

    def __init__(self) -> None:
        self.engines: dict[str, WorkspaceEngine] = {}  # by the sid of the workspace, the oldest first

    def create_task(
        self,
        workflow_sid: str,
        attributes: Mapping[str, object],
        priority: int = 0,
        timeout: int | None = None,
    ) -> str:
        for engine in self.engines.values():
            if workflow_sid in engine.workspace.workflows:
                return engine.create_task(workflow_sid, attributes, priority, timeout)
        raise TwilioError(14220, f"There is no workflow {workflow_sid}")

    def caller_left(self, task_sid: str, reason: str = "hangup") -> None:
        for engine in self.engines.values():
            engine.caller_left(task_sid, reason)

    def begin_accept(self, reservation_sid: str, *, outbound: bool = False) -> str:
        engine, reservation = self._reservation(reservation_sid)
        if engine is None or reservation is None:
            raise TwilioError(14217, f"Reservation {reservation_sid} was not found")
        return engine.begin_accept(reservation, outbound=outbound)

    def finish_accept(self, reservation_sid: str, joined: bool) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.finish_accept(reservation, joined)

    def leg_failed(self, reservation_sid: str) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.leg_failed(reservation)

    def give_up_leg(self, reservation_sid: str) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.give_up_leg(reservation)

    def conference_began(self, reservation_sid: str, conference: Mapping[str, object]) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.conference_began(reservation, conference)

    def conversation_ended(self, reservation_sid: str, post_work_activity_sid: str) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.conversation_ended(reservation, post_work_activity_sid)

    def _reservation(self, sid: str) -> tuple[WorkspaceEngine, Reservation] | tuple[None, None]:
        for engine in self.engines.values():
            if sid in engine.workspace.reservations:
                return engine, engine.workspace.reservations[sid]
        return None, None
