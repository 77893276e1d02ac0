"""Who a worker's browser is to Twilio: an AccessToken for TaskRouter and for the phone in the browser."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.config import environment, secrets
from chalicelib.console import twilio_hosts
from chalicelib.console.answers import Asked, NotFound
from chalicelib.console.session import NotAllowed, Person
from chalicelib.links import reading
from chalicelib.links.model import Key, Link
from chalicelib.observability import log
from chalicelib.staff import packaged
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid

TOKEN_SECONDS = 3600
NO_KEY = "the desk needs an API key of Twilio: put api_key_sid and api_key_secret into the stage's secret"


class Bearer(NamedTuple):
    """Whom a token is for: a worker of this workspace, and the identity of the phone in their browser."""

    account_sid: str
    workspace_sid: str
    worker_sid: str
    identity: str


def name_of(person: Person) -> str:
    """The worker who this is, by workers.toml as it was packaged. Raises NotAllowed for anybody without a desk."""
    name = packaged.current().desks.get(person.mail.casefold(), "")
    if not name:
        raise NotAllowed(f"{person.mail} has no desk")
    return name


def link_of(asked: Asked) -> Link | None:
    """The link of the request's path; None where there is none."""
    key = Key(sid(asked.path.get("subject")), sid(asked.path.get("reservation_sid")))
    return reading.find_link(key) if key.subject and key.reservation_sid else None


def own_link(asked: Asked) -> Link:
    """The link of the path, if it is of the worker who asks: Twilio told whose it is when it was reserved.

    Raises NotAllowed, NotFound.
    """
    name, link = name_of(asked.person), link_of(asked)
    if link is None or link.worker_name != name:
        raise NotFound("there is no such reservation of yours")
    return link


def give(asked: Asked) -> Mapping[str, Any]:
    """A token for the worker who asks, for nobody else, how many `seconds` it holds, and where to use it.

    Raises NotAllowed, NotFound, TwilioRejected, NotDone.
    """
    name, current, secret = name_of(asked.person), environment.current(), secrets.current()
    if not (secret.api_key_sid and secret.api_key_secret):
        raise NotFound(NO_KEY)
    worker = rest.workers.of_name(name)
    if worker is None:
        raise NotFound(f"Twilio has no worker {name}: ask whoever keeps workers.toml")
    bearer = Bearer(current.account_sid, current.workspace_sid, worker.sid, identity_of(name))
    hosts = twilio_hosts.of(current.twilio_api_url)
    log.info("desk has a token", worker=name, worker_sid=worker.sid)
    return {
        "token": token(bearer, secret.api_key_sid, secret.api_key_secret, asked.at),
        "seconds": TOKEN_SECONDS,
        "worker": name,
        "supervises": "supervisors" in asked.person.groups,
        "identity": bearer.identity,
        "bridge": hosts.bridge,
        "bridge_socket": hosts.bridge_socket,
        "signalling": hosts.signalling,
        "is_plain": hosts.signalling_scheme == "ws",
    }


def identity_of(name: str) -> str:
    """The phone in this worker's browser, which is called as `client:` and this: letters, digits and underscores."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def token(bearer: Bearer, key_sid: str, key_secret: str, now: float) -> str:
    """The AccessToken, signed with this API key (contract 15.2)."""
    import jwt  # only the desk needs it: nobody else's cold start pays for it

    task_router = {"workspace_sid": bearer.workspace_sid, "worker_sid": bearer.worker_sid, "role": "worker"}
    grants = {"identity": bearer.identity, "task_router": task_router, "voice": {"incoming": {"allow": True}}}
    times = {"jti": f"{key_sid}-{int(now)}", "nbf": int(now), "exp": int(now) + TOKEN_SECONDS}
    claims = {"iss": key_sid, "sub": bearer.account_sid, "grants": grants, **times}
    return jwt.encode(claims, key_secret, "HS256", {"cty": "twilio-fpa;v=1"})
