"""What a worker's browser may ask for (contract 15.3, 12): its own work, and a supervisor everything. Pure."""

from collections.abc import Mapping

from emulator.ports import TwilioError
from emulator.taskrouter.model import Worker

FORBIDDEN = 20403  # uncertain, as is the status


def check(worker: Worker, path: str, params: Mapping[str, object]) -> None:
    """`path` is what comes after the workspace. TwilioError 20403 for what is not the worker's own."""
    if not _is_own(worker, path.split("/"), params):
        raise TwilioError(FORBIDDEN, f"Worker {worker.sid} may not ask for {path}", 403)


def _is_own(worker: Worker, parts: list[str], params: Mapping[str, object]) -> bool:
    tasks = {one.task.sid for one in worker.reservations.values()}
    match parts:
        case ["Activities"]:
            return True
        case ["Workers", sid, *_]:
            return sid == worker.sid and params.get("TaskSid") in {None, *tasks}
        case ["Tasks"]:
            return params.get("RoutingTarget") == worker.sid
        case ["Tasks", sid]:
            return sid in tasks
    return False
