"""The fixture for strangers' tests: an emulator on a free port whose clock the test moves."""

import pytest
import urllib3

from emulator.running import Emulator, Settings, running
from emulator.voice.parties import answers, hangs_up, hears, joined, presses, talks
from tests.emulator.web_application import serving

pytest_plugins = ["emulator.pytest_plugin"]

ANN, LINE, ADA = "+12125550171", "+14155550100", "+14155550111"
PAGES = {"/incoming": "<Gather numDigits='1' action='/chosen'><Say>Press 1</Say></Gather>"}
PAGES["/chosen"] = f"<Dial><Number>{ADA}</Number></Dial>"


def test_minutes_of_a_call_pass_in_no_time(twilio_emulator: Emulator) -> None:
    with serving(PAGES) as application:
        twilio_emulator.number(LINE, f"{application.url}/incoming")
        twilio_emulator.phone(ADA, answers(2, [joined(), talks(300), hangs_up()]))
        caller = twilio_emulator.dial(ANN, LINE, hears("Press 1"), presses("1"))
        began = twilio_emulator.now()
        twilio_emulator.move(400)
    assert [event.kind for event in twilio_emulator.events("joined", "parted")] == ["joined", "parted"]
    assert (twilio_emulator.status(caller), twilio_emulator.heard(caller)) == ("completed", ["Press 1"])
    assert [call.to for call in twilio_emulator.calls()] == [LINE, ADA]
    assert twilio_emulator.now() == began + 400
    assert twilio_emulator.problems() == []


def test_the_clock_stands_still_and_phones_are_in_the_tests_hands(twilio_emulator: Emulator) -> None:
    with serving(PAGES) as application:
        twilio_emulator.number(LINE, f"{application.url}/incoming")
        caller = twilio_emulator.dial(ANN, LINE)
        twilio_emulator.move(1)
        twilio_emulator.press(caller, "1")
        twilio_emulator.move(2)
        worker = twilio_emulator.calls()[-1].sid
        assert twilio_emulator.status(worker) == "ringing"
        twilio_emulator.answer(worker)
        twilio_emulator.move()
        assert twilio_emulator.status(worker) == "in-progress"
        assert twilio_emulator.problems() == ["2 calls are not over"]
        twilio_emulator.say(worker, "Good bye")
        twilio_emulator.hang_up(worker)
        twilio_emulator.move(1)
    assert twilio_emulator.problems() == []


def test_what_did_not_go_well_says_what_the_application_answered(twilio_emulator: Emulator) -> None:
    with serving({}) as application:
        url = f"{application.url}/incoming"
        twilio_emulator.number(LINE, url)
        twilio_emulator.dial(ANN, LINE)
        twilio_emulator.move(60)
    assert twilio_emulator.problems() == [
        "Twilio's debugger would show 11200 (1 times)",
        f"error 11200: HTTP retrieval failure: the answer's status is 404: POST {url}: 404",
    ]


def test_rest_is_open_to_its_credentials_and_the_page_is_there(twilio_emulator: Emulator) -> None:
    twilio_emulator.number(LINE)
    opened = urllib3.make_headers(basic_auth=f"{twilio_emulator.account_sid}:{twilio_emulator.auth_token}")
    path = f"/2010-04-01/Accounts/{twilio_emulator.account_sid}/IncomingPhoneNumbers.json"
    listed = urllib3.request("GET", f"{twilio_emulator.url}{path}", headers=opened).json()
    assert [one["phone_number"] for one in listed["incoming_phone_numbers"]] == [LINE]
    assert LINE in urllib3.request("GET", twilio_emulator.inspector).data.decode()


def test_somebody_writes_and_the_application_answers(twilio_emulator: Emulator) -> None:
    with serving({"/sms": "<Message>We are open</Message>"}) as application:
        twilio_emulator.number(LINE, sms_url=f"{application.url}/sms")
        twilio_emulator.text(ANN, LINE, "open?")
        twilio_emulator.move(10)
    assert "We are open" in [event.detail["body"] for event in twilio_emulator.events("message")]


def test_a_clock_is_not_moved_back(twilio_emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="the clock does not go back"):
        twilio_emulator.move(-1)


class TestSettings:
    @pytest.fixture
    def twilio_emulator_settings(self) -> Settings:
        return Settings(auth_token="another", speed=1000, worlds={"canceled_task": "leaves"})

    def test_a_test_says_otherwise_by_a_fixture_of_its_own(self, twilio_emulator: Emulator) -> None:
        assert twilio_emulator.auth_token == "another"
        first = twilio_emulator.now()
        while twilio_emulator.now() < first + 1:  # it goes by itself
            pass


def test_two_of_them_do_not_disturb_each_other() -> None:
    with running() as one, running() as other:
        one.number(LINE)
        assert one.url != other.url
        with pytest.raises(KeyError):
            other.dial(ANN, LINE)
