"""The CRM: what it is asked and what it answers, kept for the invariants."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.clock.scheduler import Scheduler
from tests.doubles.dynamodb.store import Dynamodb
from tests.simulation.faults import Faults


@dataclass(frozen=True)
class CrmAnswer:
    """One answer of the CRM to an attempt. `yes`: the worker's phone may ring."""

    at: float
    key: str
    call_sid: str
    worker_sid: str
    yes: bool


class CrmStub:
    """Both CRMs: the team's endpoint, and the table of contacts, where some callers are declined."""

    def __init__(self, faults: Faults, store: Dynamodb, scheduler: Scheduler, numbers: Sequence[str]) -> None:
        """`numbers` are those of the contacts."""
        self.log: list[CrmAnswer] = []
        self._faults = faults
        self._store = store
        self._scheduler = scheduler
        self._declined: set[str] = set()
        for number in numbers:
            contact = {"phone": {"S": number}, "item": {"S": "CONTACT"}, "whisper": {"S": "A good customer."}}
            if self._faults.happens("crm_declines"):
                self._declined.add(number)
                contact["declined"] = {"S": "has not paid"}
            self._store.put_item(TableName="cordboard-test-contacts", Item=contact)

    def stored(self, table: str, item: Mapping[str, Any]) -> None:
        """Note an attempt that the embedded CRM wrote into its table."""
        if table == "cordboard-test-contacts":
            key = item["item"]["S"].removeprefix("ATTEMPT#")
            self._note(key, item["call_sid"]["S"], item["worker_sid"]["S"], item["phone"]["S"] not in self._declined)

    def answer(self, key: str, attempt: Mapping[str, Any]) -> tuple[int, bytes]:
        """Status and body of the endpoint's answer."""
        about = (attempt["call_sid"], key)
        if self._faults.happens("crm_declines", about):
            status, body = 409, b'{"reason": "not this one"}'
        elif self._faults.happens("crm_garbage", about):
            status, body = 200, b"<html>Welcome to nginx!</html>"
        else:
            status, body = 200, json.dumps({"name": "Ann", "whisper": "Ann is a customer."}).encode()
        self._note(key, attempt["call_sid"], attempt["worker_sid"], status == 200 and body.startswith(b"{"))
        return status, body

    def _note(self, key: str, call_sid: str, worker_sid: str, yes: bool) -> None:
        self.log.append(CrmAnswer(self._scheduler.now(), key, call_sid, worker_sid, yes))
        self._scheduler.emit("crm", key=key, call_sid=call_sid, worker_sid=worker_sid, said="yes" if yes else "no")
