"""Twilio's own client against a real server: what is tried again, what is not, and what is not known."""

from base64 import b64decode

import pytest
from urllib3 import HTTPResponse, Retry
from urllib3.util.retry import RequestHistory

from chalicelib.config import secrets
from chalicelib.twilio import rest, transport
from emulator.voice.parties import hangs_up, talks, waits
from tests.conftest import Aws
from tests.doubles.http_server import Endpoint, serving
from tests.emulator.harness import ACCOUNT, TOKEN, Harness
from tests.emulator.official import InProcess
from tests.support.caches import forget_everything

RING = rest.calls.Ring("+14155550111", "+14155550100", "https://x.example/answer", "https://x.example/status", 15)
CREATED = (201, b'{"sid": "CA1", "queue_time": "1500"}')


def error(status: int, code: int) -> tuple[int, bytes]:
    return status, f'{{"status": {status}, "code": {code}, "message": "as told"}}'.encode()


def use(environment: pytest.MonkeyPatch, endpoint: Endpoint) -> None:
    environment.setenv("TWILIO_API_URL", endpoint.url)
    environment.setattr(rest.client, "TIMEOUT_SECONDS", 0.2)
    forget_everything()


def test_a_call_is_placed_and_its_queueing_is_counted(environment: pytest.MonkeyPatch) -> None:
    with serving(CREATED) as endpoint:
        use(environment, endpoint)
        assert rest.calls.ring(RING) == rest.calls.Ringing("CA1", 1.5)
    path, headers, body = endpoint.requests[0]
    assert path == f"/2010-04-01/Accounts/AC{'0' * 32}/Calls.json"
    assert headers["Authorization"].startswith("Basic ") and b"Timeout=15" in body
    assert body.count(b"StatusCallbackEvent=") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_twilio_did_not_take_is_tried_again(environment: pytest.MonkeyPatch, status: int) -> None:
    with serving(error(status, 20429), error(status, 20429), CREATED) as endpoint:
        use(environment, endpoint)
        assert rest.calls.ring(RING).call_sid == "CA1"
    assert len(endpoint.requests) == 3


def test_what_twilio_does_not_take_again_and_again_is_unavailable(environment: pytest.MonkeyPatch) -> None:
    with serving(error(429, 20429)) as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.TwilioUnavailable):
            rest.calls.ring(RING)
    assert len(endpoint.requests) == 1 + rest.client.RETRIES


def test_no_answer_is_unknown_and_never_sent_again(environment: pytest.MonkeyPatch) -> None:
    with serving("hang") as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.OutcomeUnknown):
            rest.calls.ring(RING)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_answers_for_twilio_leaves_unknown_whether_the_phone_rings(
    environment: pytest.MonkeyPatch, status: int
) -> None:
    with serving(error(status, 0)) as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.OutcomeUnknown):
            rest.calls.ring(RING)
    assert len(endpoint.requests) == 1


def test_nobody_there_is_unavailable(environment: pytest.MonkeyPatch) -> None:
    with serving(CREATED) as endpoint:
        use(environment, endpoint)
    with pytest.raises(rest.TwilioUnavailable):
        rest.calls.ring(RING)


def test_a_refusal_has_twilios_code_and_no_number(environment: pytest.MonkeyPatch) -> None:
    with serving(error(400, 21211)) as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.TwilioRejected) as refused:
            rest.calls.ring(RING)
    assert refused.value.code == 21211 and "+14155550111" not in str(refused.value)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("answer", [(200, b"{}"), error(400, 21220), error(404, 20404)])
def test_hanging_up_what_has_ended_is_done(environment: pytest.MonkeyPatch, answer: tuple[int, bytes]) -> None:
    with serving(answer) as endpoint:
        use(environment, endpoint)
        rest.calls.hang_up("CA1")
    assert endpoint.requests[0][2] == b"Status=completed"


def test_wrong_credentials_are_not_taken_for_done(environment: pytest.MonkeyPatch) -> None:
    with serving(error(401, 20003)) as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.TwilioDenied):
            rest.tasks.complete("WT1", "wrapped up")


def test_a_rejection_of_what_is_not_pending_says_so(environment: pytest.MonkeyPatch) -> None:
    with serving(error(400, 20001)) as endpoint:
        use(environment, endpoint)
        assert rest.reservations.reject("WT1", "WR1") is False
    assert endpoint.requests[0][2] == b"ReservationStatus=rejected"


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20003), (403, 403)])
def test_refused_credentials_are_an_error_of_their_own_and_no_decision_of_somebody_else(
    environment: pytest.MonkeyPatch, status: int, code: int
) -> None:
    with serving(error(status, code)) as endpoint:
        use(environment, endpoint)
        for ask in (
            lambda: rest.calls.ring(RING),
            lambda: rest.reservations.reject("WT1", "WR1"),
            lambda: rest.calls.hang_up("CA1"),
        ):
            with pytest.raises(rest.TwilioDenied):
                ask()


def test_a_refusal_with_a_code_of_its_own_is_no_matter_of_credentials(environment: pytest.MonkeyPatch) -> None:
    with serving(error(403, 21215)) as endpoint:
        use(environment, endpoint)
        with pytest.raises(rest.TwilioRejected):
            rest.calls.ring(RING)


def test_the_client_follows_a_rotation(environment: pytest.MonkeyPatch) -> None:
    with serving(CREATED, CREATED) as endpoint:
        use(environment, endpoint)
        rest.calls.ring(RING)
        environment.setenv("TWILIO_AUTH_TOKEN", "newest,older")
        secrets.forget()
        rest.calls.ring(RING)
    before, after = (headers["Authorization"] for _, headers, _ in endpoint.requests)
    assert before != after and b64decode(after.split()[1]).endswith(b":newest")


def test_after_a_refusal_the_secret_is_read_again(environment: pytest.MonkeyPatch) -> None:
    with serving(error(401, 20003), CREATED) as endpoint:
        use(environment, endpoint)
        environment.setenv("TWILIO_AUTH_TOKEN", "revoked")
        forget_everything()
        with pytest.raises(rest.TwilioDenied):
            rest.calls.ring(RING)
        environment.setenv("TWILIO_AUTH_TOKEN", "new")
        assert rest.calls.ring(RING).call_sid == "CA1"


@pytest.mark.parametrize("answer", [CREATED, error(400, 21220), error(404, 20404)])
def test_credentials_that_are_taken_are_not_read_again(
    environment: pytest.MonkeyPatch, answer: tuple[int, bytes]
) -> None:
    def renew(_auth: tuple[str, str]) -> None:
        raise AssertionError

    environment.setattr(rest.client, "_renew", renew)
    with serving(answer) as endpoint:
        use(environment, endpoint)
        rest.calls.hang_up("CA1")
    assert len(endpoint.requests) == 1


def test_a_client_is_made_once_for_the_same_credentials(environment: pytest.MonkeyPatch) -> None:
    with serving(CREATED) as endpoint:
        use(environment, endpoint)
        assert rest.client.client() is rest.client.client()


def test_a_request_goes_to_the_other_host_once_whatever_its_query_names(environment: pytest.MonkeyPatch) -> None:
    twilios = "https://taskrouter.twilio.com"
    client = transport.http_client("http://x.example/twilio", lambda: 1.0, Retry(total=0))
    assert client._here(f"{twilios}/v1/A?next={twilios}/B") == f"http://x.example/twilio/v1/A?next={twilios}/B"


@pytest.mark.parametrize("new", ["aaa", "zzz"])
def test_a_request_that_a_rotation_overtakes_is_asked_again_with_the_new_token(
    environment: pytest.MonkeyPatch, new: str
) -> None:
    with serving(CREATED, error(401, 20003), CREATED) as endpoint:
        use(environment, endpoint)
        environment.setenv("TWILIO_AUTH_TOKEN", "mmm")
        forget_everything()
        rest.calls.ring(RING)
        environment.setenv("TWILIO_AUTH_TOKEN", new)  # this process still has the one before
        assert rest.calls.ring(RING).call_sid == "CA1"
    tokens = [b64decode(headers["Authorization"].split()[1]).partition(b":")[2] for _, headers, _ in endpoint.requests]
    assert tokens == [b"mmm", b"mmm", new.encode()]


def test_a_recording_is_deleted_at_the_emulator_and_twice_is_like_once(environment: pytest.MonkeyPatch) -> None:
    harness = Harness({"/incoming": '<Record action="/stored"/>', "/stored": "<Hangup/>"})
    environment.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    environment.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    environment.setattr(rest.client, "http_client", lambda _url: InProcess(harness.twilio))
    forget_everything()
    harness.dial(waits(1), talks(5), hangs_up())
    harness.run(30)
    (recording_sid,) = harness.twilio.context.recordings.all
    for _ in range(2):
        rest.recordings.delete(recording_sid)
        assert harness.twilio.context.recordings.all == {}


def retries() -> Retry:
    """How requests to Twilio are tried again."""
    found: Retry = rest.client.http_client("").session.get_adapter("https://api.twilio.com").max_retries
    return found


def pauses(environment: pytest.MonkeyPatch, drawn: float) -> float:
    """Seconds between the tries of one request, together, where chance draws this from 0 to 1."""
    environment.setattr("random.random", lambda: drawn)
    failed, retry = RequestHistory("POST", "/", None, 503, None), retries()
    times = range(1, rest.client.RETRIES + 1)
    return sum(retry.new(history=(failed,) * number).get_backoff_time() for number in times)


def test_the_pauses_between_the_tries_fit_into_the_time_that_is_kept_for_them(
    cloud: Aws, environment: pytest.MonkeyPatch
) -> None:
    assert 0 < pauses(environment, 0.0) < pauses(environment, 1.0) <= rest.client.PAUSES_SECONDS


def test_twilio_does_not_say_how_long_a_pause_is(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    """Somebody waits for our own answer meanwhile."""
    paused: list[float] = []
    environment.setattr("time.sleep", paused.append)
    retries().sleep(HTTPResponse(status=429, headers={"Retry-After": "30"}))
    assert paused == []
