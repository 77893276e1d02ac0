"""What Twilio has and the emulator does not imitate: refused where it would change a call, warned of elsewhere."""

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.clock.scheduler import NOT_IMITATED
from emulator.rest.framework import Operation, RestAnswer
from emulator.rest.routes import NOT_IMITATED_PATHS, ROUTES
from tests.emulator.empty_account import EmptyAccount, refusal
from tests.emulator.harness import ACCOUNT, BASE, LINE, WORKER, Harness
from tests.support.openapi import NO_FOLDER, Description, folder

CALL = f"/Calls/CA{'0' * 32}"
QUEUE = f"/Queues/QU{'0' * 32}"
SID = "XX" + "0" * 32


def asked(harness: Harness, **form: str) -> RestAnswer:
    return harness.rest("POST", "/Calls.json", To=WORKER, From=LINE, Url=f"{BASE}/answer", **form)


def call(harness: Harness, **form: str) -> tuple[int, object]:
    answer = asked(harness, **form)
    return answer.status, answer.body.get("code")


@pytest.mark.parametrize(
    "form",
    [
        {"ClientNotificationUrl": BASE},
    ],
)
def test_a_call_that_would_go_another_way_is_refused(form: dict[str, str]) -> None:
    harness = Harness({})
    assert call(harness, **form) == (501, 20501)
    assert not harness.twilio.context.calls


def test_the_refusal_names_the_parameter_and_the_page_that_tells_of_it() -> None:
    form = {"To": WORKER, "From": LINE, "Url": BASE, "ClientNotificationUrl": "x"}
    body = Harness({}).rest("POST", "/Calls.json", **form).body
    assert body == {
        "code": 20501,
        "message": "ClientNotificationUrl=x is not imitated by this emulator",
        "more_info": "docs/emulator.md",
        "status": 501,
    }


def test_a_parameter_with_its_default_or_empty_is_not_refused() -> None:
    harness = Harness({})
    assert call(harness, Record="false", AsyncAmd="False", MachineDetection="", Trim="") == (201, None)
    assert harness.warnings() == []


def test_a_parameter_that_changes_no_call_is_told_once_per_run_and_in_each_answer() -> None:
    harness = Harness({})
    for reason in ("your order", "your order", "your bill"):
        answer = asked(harness, CallReason=reason, Byoc="BY" + "0" * 32)
        assert (answer.status, answer.headers["X-Emulator-Not-Imitated"]) == (201, "CallReason, Byoc")
    operation = "POST /2010-04-01/Accounts/{account}/Calls.json"
    told = [(warning["code"], warning["message"]) for warning in harness.trace("warning")]
    assert told == [(NOT_IMITATED, f"{name} of {operation}") for name in ("CallReason", "Byoc")]
    assert "X-Emulator-Not-Imitated" not in asked(harness, CallReason="").headers


def test_a_parameter_that_twilio_does_not_know_is_refused() -> None:
    harness = Harness({})
    answer = asked(harness, Colour="red")
    assert (answer.status, answer.body["code"]) == (400, 20001)
    assert answer.body["message"] == "Colour is no parameter of POST /2010-04-01/Accounts/{account}/Calls.json"
    assert not harness.twilio.context.calls


def test_in_the_other_world_it_is_ignored_and_told_once_per_run_and_in_each_answer() -> None:
    harness = Harness({}, unknown_parameter="ignored")
    for _ in range(2):
        answer = asked(harness, **{"Colour": "red", "Größe": "1"})
        assert (answer.status, answer.headers["X-Emulator-Unknown"]) == (201, "Colour, Gr%C3%B6%C3%9Fe")
    told = [warning["message"].partition(" ")[0] for warning in harness.trace("warning")]
    assert (told, harness.warnings()) == (["Colour", "Größe"], ["20001", "20001"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/Messages/SM{'0' * 32}/Feedback.json"),
        ("GET", f"/Recordings/RE{'0' * 32}/AddOnResults.json"),
        ("GET", "/AvailablePhoneNumbers/US/Local.json"),
        ("GET", f"{QUEUE}/Members/Front.json"),
        ("POST", f"{QUEUE}/Members/Front.json"),
        ("POST", "/IncomingPhoneNumbers.json"),
        ("POST", "/IncomingPhoneNumbers/Local.json"),
        ("DELETE", f"{CALL}.json"),
        ("POST", "/Queues.json"),
    ],
)
def test_a_resource_that_only_twilio_has_is_20501(method: str, path: str) -> None:
    answer = Harness({}).rest(method, path)
    assert (answer.status, answer.body["code"]) == (501, 20501)


def test_another_product_of_twilio_is_20501(account: EmptyAccount) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.conversations.v1.conversations.create(friendly_name="Chat")
    assert refusal(caught) == (501, 20501)


def test_what_is_only_kept_and_shown_is_warned_of(account: EmptyAccount) -> None:
    workspace = account.workspace()
    assert workspace.rest.task_queues.create(friendly_name="Sales", max_reserved_workers=3).max_reserved_workers == 3
    assert workspace.rest.task_queues.create(friendly_name="Support", max_reserved_workers=1).max_reserved_workers == 1
    (warning,) = account.trace("warning")
    assert (warning["code"], warning["message"].startswith("MaxReservedWorkers of POST")) == (NOT_IMITATED, True)


# The lists in the code, held against Twilio's own


def operations() -> Iterator[tuple[str, str, set[str]]]:
    """Method, path and parameters of each operation in Twilio's description."""
    path = folder()
    if path is None:
        pytest.skip(NO_FOLDER)
    yield from Description(path).operations()


def known(method: str, template: str) -> set[str] | None:
    """The parameters that the emulator knows for an operation of Twilio's; None when it does not imitate it."""
    path = template.replace("{AccountSid}", ACCOUNT).replace("{", "").replace("}", "")
    if NOT_IMITATED_PATHS.fullmatch(path):
        return None
    for route in ROUTES:
        if route.pattern.fullmatch(path):
            operation = route.methods.get(method)
            return set(operation.parameters.known) if isinstance(operation, Operation) else None
    return None


def test_every_parameter_of_twilios_is_known_and_no_other() -> None:
    differs = {
        f"{method} {path}": sorted(ours ^ theirs)
        for method, path, theirs in operations()
        if (ours := known(method, path)) is not None and ours != theirs
    }
    # A body in JSON, whose keys the description does not have.
    del differs["POST /v1/Workspaces/{WorkspaceSid}/TaskQueues/RealTimeStatistics"]
    assert differs == {}


def test_everything_of_twilios_that_is_not_imitated_says_so(account: EmptyAccount) -> None:
    """Each path of both APIs either has a route or answers 20501; none is taken for one that Twilio has not."""
    workspace = account.workspace().sid
    for method, template, _ in operations():
        path = template.replace("{AccountSid}", ACCOUNT).replace("{WorkspaceSid}", workspace)
        if known(method, path) is None:
            answer = account.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status, answer.body["code"]) == (501, 20501), f"{method} {template}: {answer.body}"
