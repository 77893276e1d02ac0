"""Talks of the agent desk, which a supervisor may listen to, coach the worker in, or join."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from chalicelib.console import access
from chalicelib.console.answers import Asked, Changed, NotFound
from chalicelib.links import board
from chalicelib.links.model import Link
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.twilio import rest

Way = Literal["listen", "coach", "join"]
# Twilio's words: heard by nobody, by the worker alone, by both.
MODES: Mapping[Way, str] = {"listen": "monitor", "coach": "whisper", "join": "barge"}


class Talk(msgspec.Struct, frozen=True):
    """Two who talk. `since` is epoch seconds; the number is masked."""

    call_sid: str
    reservation_sid: str
    since: float
    worker: str
    queue: str
    caller: str


def listed(asked: Asked) -> Mapping[str, tuple[Talk, ...]]:
    """The talks of the desk that go on, the longest first; those on phones are in no conference. Raises NotAllowed."""
    access.name_of(asked.person)
    talks = [_talk(link) for link in board.read().links if _can_be_heard(link)]
    return {"talks": tuple(sorted(talks, key=lambda talk: talk.since))}


def act(asked: Asked) -> Mapping[str, str]:
    """Ring the supervisor into this talk, at the phone of their desk, in this `way`.

    Raises NotAllowed, NotFound, Wrong, Changed, NotDone.
    """
    way, name = asked.one_of("way", [*MODES]), access.name_of(asked.person)
    link = access.link_of(asked)
    if link is None or not _can_be_heard(link):
        raise NotFound("there is no such talk any more")
    supervisor = rest.workers.of_name(name)
    if supervisor is None:
        raise NotFound(f"Twilio has no worker {name}")
    if not rest.reservations.supervise(link.task_sid, link.reservation_sid, MODES[way], supervisor.sid):
        raise Changed("the talk is over, or Twilio lets nobody into it")
    log.info("talk is supervised", **link.key.sids, way=way, worker=link.worker_name)
    return {"said": "Your phone rings."}


def _can_be_heard(link: Link) -> bool:
    return link.state == "bridged" and link.policy.by_worker and link.policy.has_caller


def _talk(link: Link) -> Talk:
    about = (link.subject, link.reservation_sid, link.bridged_at)
    return Talk(*about, link.worker_name, link.queue, mask(link.caller))
