"""What a test plans to go wrong with REST: 429, 500, 401, and a network that breaks in the middle."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from emulator.server import in_real_time, serve
from tests.emulator.empty_account import EmptyAccount, refusal
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.emulator.official import OverHttp


def names(account: EmptyAccount) -> list[str]:
    return [one.friendly_name for one in account.client.taskrouter.v1.workspaces.list()]


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (401, 20003)])
def test_a_planned_refusal_comes_once_and_nothing_is_done(account: EmptyAccount, status: int, code: int) -> None:
    account.twilio.refuse_next("POST", "/Workspaces$", status)
    with pytest.raises(TwilioRestException) as caught:
        account.workspace()
    assert refusal(caught) == (status, code)
    assert names(account) == []
    account.workspace()
    assert names(account) == ["Help line"]


def test_a_refusal_may_have_a_code_of_its_own_and_come_several_times_after_some_that_went_well(
    account: EmptyAccount,
) -> None:
    account.twilio.refuse_next("POST", "/Workspaces$", 400, 20001, times=2, after=1)
    account.workspace("First")
    for _ in range(2):
        with pytest.raises(TwilioRestException) as caught:
            account.workspace("Second")
        assert refusal(caught) == (400, 20001)
    account.workspace("Third")
    assert names(account) == ["First", "Third"]


def test_other_requests_go_through(account: EmptyAccount) -> None:
    account.twilio.refuse_next("POST", r"/TaskQueues$", 429)
    workspace = account.workspace()
    assert workspace.rest.task_queues.list() == []
    with pytest.raises(TwilioRestException):
        workspace.queue()


@pytest.mark.parametrize(("executed", "left"), [(False, []), (True, ["Help line"])])
def test_a_broken_connection_tells_nothing_of_what_was_done(
    account: EmptyAccount, executed: bool, left: list[str]
) -> None:
    account.twilio.break_next("POST", "/Workspaces$", executed=executed)
    with pytest.raises(requests.ConnectionError):
        account.workspace()
    assert names(account) == left


def test_the_server_closes_the_connection_without_an_answer() -> None:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        client = Client(ACCOUNT, TOKEN, http_client=OverHttp(server.url))
        loop.call(lambda: twilio.break_next("POST", "/Workspaces$", executed=True))
        with pytest.raises(requests.ConnectionError):
            client.taskrouter.v1.workspaces.create(friendly_name="Help line")
        assert [one.friendly_name for one in client.taskrouter.v1.workspaces.list()] == ["Help line"]
        (workspace,) = client.taskrouter.v1.workspaces.list()
        assert client.taskrouter.v1.workspaces(workspace.sid).delete() is True
        server.stop()
