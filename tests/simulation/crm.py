"""The CRM: what it is asked and what it answers, kept for the invariants."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from emulator.clock.scheduler import Scheduler
from tests.doubles.dynamodb.store import Dynamodb
from tests.simulation.faults import Faults

Said = Literal["yes", "no", "nonsense"]


@dataclass(frozen=True)
class CrmAnswer:
    """One answer of the CRM to an attempt. Yes: the worker's phone may ring; nonsense is neither yes nor no."""

    at: float
    key: str
    call_sid: str
    worker_sid: str
    said: Said


class CrmStub:
    """Both CRMs: the team's endpoint, and the table of contacts, where some callers are declined."""

    def __init__(self, faults: Faults, store: Dynamodb, scheduler: Scheduler, numbers: Sequence[str]) -> None:
        """`numbers` are those of the contacts."""
        self.log: list[CrmAnswer] = []
        self._faults = faults
        self._store = store
        self._scheduler = scheduler
        self._declined: set[str] = set()
        for number in filter(None, dict.fromkeys(numbers)):  # who withholds theirs may share one
            contact = {"phone": {"S": number}, "item": {"S": "CONTACT"}, "whisper": {"S": "A good customer."}}
            if self._faults.happens("crm_declines"):
                self._declined.add(number)
                contact["declined"] = {"S": "has not paid"}
            self._store.put_item(TableName="cordboard-test-contacts", Item=contact)

    def stored(self, table: str, item: Mapping[str, Any]) -> None:
        """Note an attempt that the embedded CRM wrote into its table."""
        if table == "cordboard-test-contacts":
            key = item["item"]["S"].removeprefix("ATTEMPT#")
            said: Said = "no" if item["phone"]["S"] in self._declined else "yes"
            self._note(key, item["call_sid"]["S"], item["worker_sid"]["S"], said)

    def answer(self, key: str, attempt: Mapping[str, Any]) -> tuple[int, bytes]:
        """Status and body of the endpoint's answer."""
        about = (attempt["call_sid"], key)
        said: Said = "yes"
        if self._faults.happens("crm_declines", about):
            said, status, body = "no", 409, b'{"reason": "not this one"}'
        elif self._faults.happens("crm_garbage", about):
            said, status, body = "nonsense", 200, b"<html>Welcome to nginx!</html>"
        else:
            status, body = 200, json.dumps({"name": "Ann", "whisper": "Ann is a customer."}).encode()
        self._note(key, attempt["call_sid"], attempt["worker_sid"], said)
        return status, body

    def _note(self, key: str, call_sid: str, worker_sid: str, said: Said) -> None:
        self.log.append(CrmAnswer(self._scheduler.now(), key, call_sid, worker_sid, said))
        self._scheduler.emit("crm", key=key, call_sid=call_sid, worker_sid=worker_sid, said=said)
