"""Callers whom people block, let in again, or know: their profiles in the table of calls."""

import getpass
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.callbacks.asking import Busy
from chalicelib.callers import block
from chalicelib.config.schema import CallCenter
from chalicelib.links import profiles
from chalicelib.links.profiles import Change, Did, Profile
from chalicelib.links.table import ConditionFailed
from ops.aws import client
from ops.errors import OpsError, UsageError


@dataclass(frozen=True)
class Callers:
    """The profiles in one table. Every method raises OpsError."""

    center: CallCenter
    table: str

    def block(self, number: str, until: float, reason: str, now: float) -> Profile:
        """Block this number, and end what they have asked to be called back."""
        self._check(number)
        change = _change("blocked", now, until or block.ends_at(now), reason)
        return self._write(lambda: block.add(number, change, now, self.table))

    def unblock(self, number: str, now: float) -> Profile:
        self._check(number)
        return self._write(lambda: block.remove(number, _change("unblocked", now), now, self.table))

    def know(self, number: str, did: Did, made: Mapping[str, object], now: float) -> Profile:
        self._check(number)
        return self._write(lambda: block.set_known(number, _change(did, now), made, now, self.table))

    def find(self, number: str) -> Profile:
        self._check(number)
        with client.plain("read the caller's profile"):
            return profiles.find(number, self.table)

    def blocked(self, now: float) -> list[Profile]:
        """Who is blocked now, the first to end first."""
        with client.plain("read who is blocked"):
            return [profile for profile in profiles.blocked(self.table) if profile.is_blocked(now)]

    def _check(self, number: str) -> None:
        if why_not := block.why_not(number, self.center):
            raise OpsError(why_not) if why_not == block.NO_LINE else UsageError(why_not)

    def _write(self, write: Callable[[], Profile]) -> Profile:
        try:
            with client.plain("write the caller's profile"):
                return write()
        except (ConditionFailed, Busy):
            raise OpsError("others change this caller at the same moment: try again") from None


def _change(did: Did, now: float, until: float = 0, reason: str = "") -> Change:
    sid = f"ops-{uuid.uuid4()}"
    return Change(did=did, at=float(int(now)), by=getpass.getuser(), sid=sid, until=until, reason=reason)
