"""Workers text the staff number: they go on and off, and hear what stands; a stranger hears nothing."""

from typing import Any

import pytest

from chalicelib.staff import commands, duty, texts
from chalicelib.twilio import rest, urls
from tests.conftest import Aws
from tests.support.api_gateway import post
from tests.support.call_centre import BEA, CARL, DORA, STAFF, STRANGER, CallCentre


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    return CallCentre(cloud, environment)


def test_a_worker_goes_on_and_off_and_hears_what_stands(centre: CallCentre) -> None:
    assert centre.text(BEA, "on") == "Bea, you are on."
    assert centre.activity("Bea") == "Available"
    assert centre.text(BEA, " Off! ") == "Bea, you are off."
    assert centre.activity("Bea") == "Offline"
    assert centre.text(BEA, "STATUS") == "Bea, you are off."


def test_the_teams_own_words_are_commands_too(centre: CallCentre) -> None:
    assert centre.text(BEA, "An") == "Bea, you are on."
    assert centre.text(BEA, "aus bis 14:00") == "Bea, you are off until 14:00 UTC."


def test_a_worker_with_a_client_address_is_known_by_their_mobile(centre: CallCentre) -> None:
    assert centre.text(DORA, "on") == "Dora, you are on."


@pytest.mark.parametrize("body", ["on", "off", "who", "", "🙂", "x" * 1600])
def test_a_stranger_gets_no_answer_and_changes_nothing(centre: CallCentre, body: str) -> None:
    assert centre.text(STRANGER, body) == "" and centre.rows() == {}
    assert "text of a stranger" in centre.log.getvalue()


@pytest.mark.parametrize("sender", ["+1415555011", 'x" OR "1" == "1', "whatsapp:+14155550111", "", "266696687"])
def test_what_is_no_phone_number_is_asked_of_nobody(centre: CallCentre, sender: str) -> None:
    """A sender's text never becomes a part of an expression."""
    before = len(centre.twilio.requests)
    centre.text(sender, "on")
    asked = [one for one in centre.twilio.requests[before:] if "/Workers" in one.url]
    assert asked == [] or (sender == "+1415555011" and centre.rows() == {})


def test_two_workers_with_one_phone_are_nobody(centre: CallCentre) -> None:
    centre.hire("Bert", contact_uri="sip:bert@example.com", mobile=BEA)
    assert centre.text(BEA, "on") == "" and centre.activity("Bea") == centre.activity("Bert") == "Offline"
    assert "two workers have one phone" in centre.log.getvalue()


@pytest.mark.parametrize("word", ["STOP", "Start", "help", "YES", "cancel", "end"])
def test_the_words_that_twilio_acts_on_are_left_to_twilio(centre: CallCentre, word: str) -> None:
    centre.set("Bea", "Available")
    said = [answer for answer in centre.text(BEA, word).split(" | ") if answer.startswith("Bea")]
    assert said == [] and centre.activity("Bea") == "Available"


@pytest.mark.parametrize(
    ("body", "media", "said"),
    [
        ("🙂", (), texts.HELP),
        ("x" * 1600, (), texts.HELP),
        ("hello there", (), texts.HELP),
        ("", ("https://example.com/cat.jpg",), texts.PICTURES),
        ("on", ("https://example.com/cat.jpg",), "Bea, you are on."),
        ("off until", (), texts.NO_TIME),
        ("off until 25:00", (), texts.NO_TIME),
        ("off until tomorrow", (), texts.NO_TIME),
        ("off for lunch", (), texts.NO_TIME),
        ("off until 2 pm", (), "Bea, you are off until 14:00 UTC."),
        ("on until 9", (), "Bea, you are on until Tue 09:00 UTC."),
        ("on\nplease", (), texts.NO_TIME),
        ("note", (), texts.EMPTY_NOTE),
        ("note she will call", (), texts.NO_TALK),
        ("last", (), texts.NO_CALLER),
        ("next", (), texts.NO_ROTA),
        ("who", (), "Nobody is on."),
    ],
)
def test_what_a_worker_may_text_and_what_they_hear(
    centre: CallCentre, body: str, media: tuple[str, ...], said: str
) -> None:
    assert centre.text(BEA, body, media) == said


def test_who_is_on(centre: CallCentre) -> None:
    centre.text(CARL, "on")
    centre.text(DORA, "on")
    assert centre.text(BEA, "who") == "On: Carl, Dora."


# --- Calls that ring, and calls that are talked


def test_off_takes_back_the_call_that_rings_and_the_caller_goes_to_the_next(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.twilio.dial(STRANGER, "+14155550100", [])
    centre.run(3)
    centre.work()
    centre.run(1)
    assert centre.text(BEA, "off") == "Bea, you are off. One call was ringing, it is taken back."
    assert centre.activity("Bea") == "Offline"
    statuses = [one.status for one in centre.worker("Bea").reservations.values()]
    assert statuses == ["rejected"]


# --- Twice, forged, out of order, and when something fails


def form(centre: CallCentre, body: str, sid: str = "SM" + "a" * 32, **more: str) -> dict[str, str]:
    return {"AccountSid": centre.twilio.account_sid, "MessageSid": sid, "From": BEA, "To": STAFF, "Body": body, **more}


def test_a_text_that_comes_again_later_changes_nothing(centre: CallCentre) -> None:
    first = post(urls.STAFF_MESSAGE.path, form(centre, "on"))
    assert "you are on" in centre.send(first)["body"]
    centre.run(5)
    centre.text(BEA, "off")
    for wait in (0, 90):
        centre.run(wait)
        assert "Bea, you are off." in centre.send(first)["body"]
    assert centre.activity("Bea") == "Offline"


def test_the_latest_text_again_after_the_worker_was_moved_by_hand_changes_nothing(centre: CallCentre) -> None:
    first = post(urls.STAFF_MESSAGE.path, form(centre, "on"))
    centre.send(first)
    centre.run(commands.AGAIN_SECONDS + 1)
    centre.set("Bea", "Unavailable")
    assert "Bea, you are off (Unavailable)." in centre.send(first)["body"]


def test_a_text_of_long_ago_is_no_command(centre: CallCentre) -> None:
    """However many others have come since."""
    old = centre.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    centre.run(commands.OLD_SECONDS + 1)
    centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on", old.sid)))
    assert centre.activity("Bea") == "Offline" and centre.rows() == {}


def test_a_text_that_comes_when_its_time_is_over_is_not_for_the_next_day(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.until(10, 59)
    centre.run(50)
    old = centre.twilio.messaging._keep(BEA, STAFF, "off until 11:00", (), "inbound")
    centre.run(20)
    assert (
        "Bea, you are on."
        in centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "off until 11:00", old.sid)))["body"]
    )
    assert centre.activity("Bea") == "Available"


def test_a_forged_text_changes_nothing(centre: CallCentre) -> None:
    assert centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on"), token="guessed"))["statusCode"] == 403
    assert centre.activity("Bea") == "Offline" and centre.rows() == {}


def test_a_text_that_overtook_another_one_stands(centre: CallCentre) -> None:
    """Twilio got `on` first, and its request comes late."""
    on = centre.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    centre.run(2)
    off = centre.twilio.messaging._keep(BEA, STAFF, "off", (), "inbound")
    centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "off", off.sid)))
    centre.run(3)
    assert "Bea, you are off." in centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on", on.sid)))["body"]
    assert centre.activity("Bea") == "Offline" and centre.rows()["bea"]["hand"] == "off"


def test_of_two_texts_at_once_the_one_that_was_sent_later_stands(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier one had to be sent again by Twilio, and is at work when the later one is done."""
    off = centre.twilio.messaging._keep(BEA, STAFF, "off", (), "inbound")
    centre.run(2)
    on = centre.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    real = duty.find

    def found(worker: str) -> duty.Duty:
        seen = real(worker)
        monkeypatch.setattr(duty, "find", real)
        centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on", on.sid)))
        return seen

    monkeypatch.setattr(duty, "find", found)
    assert "Bea, you are on." in centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "off", off.sid)))["body"]
    assert centre.activity("Bea") == "Available" and centre.rows()["bea"]["hand"] == "on"


def test_a_move_of_which_no_answer_comes_does_not_outlast_a_later_word(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twilio moves the worker by the older word after the later one is done, and its answer is lost."""
    off = centre.twilio.messaging._keep(BEA, STAFF, "off", (), "inbound")
    centre.run(2)
    on = centre.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    real = rest.workers.move

    def move(*given: Any, **options: Any) -> bool:
        monkeypatch.setattr(rest.workers, "move", real)
        centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on", on.sid)))
        real(*given, **options)
        raise rest.OutcomeUnknown("no answer")

    monkeypatch.setattr(rest.workers, "move", move)
    centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "off", off.sid)))
    assert centre.activity("Bea") == "Available" and centre.rows()["bea"]["hand"] == "on"


def test_who_moved_the_worker_by_an_older_word_and_died_is_put_right_when_twilio_asks_again(centre: CallCentre) -> None:
    off = centre.twilio.messaging._keep(BEA, STAFF, "off", (), "inbound")
    centre.run(2)
    centre.text(BEA, "on")
    centre.set("Bea", "Offline")  # by the function of `off`, which had begun before
    assert "Bea, you are on." in centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "off", off.sid)))["body"]
    assert centre.activity("Bea") == "Available"


def test_a_function_that_died_before_it_moved_the_worker_does_it_when_twilio_asks_again(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = post(urls.STAFF_MESSAGE.path, form(centre, "on"))
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.twilio.rest.workers.move", lambda *_given, **_named: 1 / 0)
        assert centre.send(event)["statusCode"] == 503
    assert duty.find("Bea").hand == "on" and centre.activity("Bea") == "Offline"
    assert "Bea, you are on." in centre.send(event)["body"] and centre.activity("Bea") == "Available"


def test_what_was_not_taken_back_by_a_function_that_died_is_when_twilio_asks_again(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.text(BEA, "on")
    centre.twilio.dial(STRANGER, "+14155550100", [])
    centre.run(3)
    centre.work()
    centre.run(1)
    event = post(urls.STAFF_MESSAGE.path, form(centre, "off"))
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.twilio.rest.workers.move", lambda *_given, **_named: 1 / 0)
        assert centre.send(event)["statusCode"] == 503
    assert "Bea, you are off. One call was ringing, it is taken back." in centre.send(event)["body"]


def test_when_it_cannot_be_done_at_all_the_worker_hears_that(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.twilio.rest.workers.move", lambda *_given, **_named: 1 / 0)
    assert centre.text(BEA, "on") == texts.NOT_NOW
    assert centre.asked.count(urls.STAFF_MESSAGE.path) > 1
