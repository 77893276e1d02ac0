"""Twilio's REST API: one door for both halves, by path."""

from collections.abc import Mapping

from emulator.ports import TwilioError
from emulator.rest import calls, taskrouter
from emulator.rest.account import Account, get_account
from emulator.rest.answer import RestAnswer
from emulator.taskrouter.service import TaskRouter
from emulator.voice.service import Voice

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
        return calls.handle(voice, method, path, fields)
    if path.startswith("/v1/"):
        return taskrouter.handle(router, method, path, fields, headers)
    raise TwilioError(20404, f"The requested resource {path} was not found", 404)
