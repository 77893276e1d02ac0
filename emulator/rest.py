"""Twilio's REST API: one door for both halves, by path."""

from collections.abc import Mapping

from emulator import rest_taskrouter, rest_voice
from emulator.account import Account, get_account
from emulator.ports import TwilioError
from emulator.rest_answer import RestAnswer
from emulator.taskrouter import TaskRouter
from emulator.voice import Voice

Fields = Mapping[str, list[str]]


def dispatch(
    voice: Voice,
    router: TaskRouter,
    method: str,
    path: str,
    fields: Fields,
    *,
    headers: Mapping[str, str],
    account: Account,
    user: str,
) -> RestAnswer:
    """`fields` are those of the query and of the form body together, `user` whose credentials opened the door.

    TwilioError for every refusal.
    """
    if (method, path) == ("GET", f"/2010-04-01/Accounts/{account.sid}.json"):
        return get_account(account, user)
    if path.startswith("/2010-04-01/"):
        return rest_voice.handle(voice, method, path, fields)
    if path.startswith("/v1/"):
        return rest_taskrouter.handle(router, method, path, fields, headers)
    raise TwilioError(20404, f"The requested resource {path} was not found", 404)
