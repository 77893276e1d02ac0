"""The account's phone numbers and the account itself, by the official client."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.emulator.empty_account import EmptyAccount, refusal
from tests.emulator.harness import ACCOUNT, BASE, CALLER, TOKEN
from tests.emulator.official import InProcess

OTHER = "+14155550199"
KEY = "SK" + "0" * 32


def the_number(account: EmptyAccount, phone_number: str = OTHER) -> Any:
    """The official client's handle of a number that the account owns."""
    account.twilio.own(phone_number)
    (found,) = account.client.incoming_phone_numbers.list(phone_number=phone_number)
    return account.client.incoming_phone_numbers(found.sid)


def test_a_new_number_has_no_urls(account: EmptyAccount) -> None:
    shown = the_number(account).fetch()
    assert (shown.phone_number, shown.friendly_name) == (OTHER, OTHER)
    assert (shown.voice_url, shown.voice_fallback_url, shown.status_callback) == (None, None, "")
    assert (shown.voice_method, shown.capabilities["voice"]) == ("POST", True)


def test_a_number_is_found_by_a_part_of_it_and_with_wildcards(account: EmptyAccount) -> None:
    for number in ("+14155550198", OTHER, "+442071838750"):
        account.twilio.own(number)
    numbers = account.client.incoming_phone_numbers
    assert [one.phone_number for one in numbers.list(phone_number="+1415")] == ["+14155550198", OTHER]
    assert [one.phone_number for one in numbers.list(phone_number="+1415555*199")] == [OTHER]
    assert numbers.list(phone_number="+1415", friendly_name="Nothing") == []
    assert len(numbers.list(page_size=2)) == 4  # the stage has one of its own
    assert len(numbers.list(phone_number="+1415", page_size=1)) == 2


def test_calls_go_where_the_number_was_told_to_send_them(account: EmptyAccount) -> None:
    account.pages["/voice"] = "<Say>Hello</Say>"
    number = the_number(account)
    changed = number.update(
        voice_url=f"{BASE}/voice",
        voice_method="GET",
        voice_fallback_url=f"{BASE}/fallback",
        status_callback=f"{BASE}/status",
        status_callback_method="GET",
        friendly_name="Front desk",
    )
    assert (changed.voice_url, changed.voice_method) == (f"{BASE}/voice", "GET")
    assert (changed.voice_fallback_url, changed.voice_fallback_method) == (f"{BASE}/fallback", "POST")
    assert (changed.status_callback, changed.status_callback_method) == (f"{BASE}/status", "GET")
    assert changed.friendly_name == "Front desk"
    sid = account.twilio.dial(CALLER, OTHER)
    account.run(3)
    assert account.heard(sid) == ["Hello"]
    assert [(asked.path, asked.method) for asked in account.asked] == [("/voice", "GET"), ("/status", "GET")]


def test_a_number_that_is_changed_twice_keeps_what_was_not_sent(account: EmptyAccount) -> None:
    number = the_number(account)
    number.update(voice_url=f"{BASE}/voice", voice_fallback_url=f"{BASE}/fallback")
    assert number.update(status_callback=f"{BASE}/status").voice_url == f"{BASE}/voice"
    assert number.update(voice_fallback_url="").voice_fallback_url is None


def test_a_fallback_needs_a_voice_url(account: EmptyAccount) -> None:
    number = the_number(account)
    with pytest.raises(TwilioRestException) as caught:
        number.update(voice_fallback_url=f"{BASE}/fallback")
    assert refusal(caught) == (400, 21405)
    number.update(voice_url=f"{BASE}/voice", voice_fallback_url=f"{BASE}/fallback")
    with pytest.raises(TwilioRestException) as caught:
        number.update(voice_url="")
    assert refusal(caught) == (400, 21405)
    assert number.fetch().voice_url == f"{BASE}/voice"


@pytest.mark.parametrize(("fields", "code"), [({"voice_url": "here"}, 21402), ({"voice_method": "PUT"}, 21403)])
def test_a_wrong_url_or_method_is_refused(account: EmptyAccount, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        the_number(account).update(**fields)
    assert refusal(caught) == (400, code)


def test_a_trunk_or_an_application_wins_over_the_urls(account: EmptyAccount) -> None:
    trunk, application = "TK" + "1" * 32, "AP" + "1" * 32
    number = the_number(account)
    number.update(voice_url=f"{BASE}/voice", voice_application_sid=application)
    changed = number.update(trunk_sid=trunk)
    assert (changed.trunk_sid, changed.voice_application_sid, changed.voice_url) == (trunk, None, f"{BASE}/voice")
    changed = number.update(voice_application_sid=application)
    assert (changed.trunk_sid, changed.voice_application_sid) == (None, application)
    sid = account.twilio.dial(CALLER, OTHER)
    account.run(3)
    assert account.status(sid) == "busy"
    assert account.asked == []
    with pytest.raises(TwilioRestException) as caught:
        number.update(trunk_sid="TK1")
    assert refusal(caught) == (400, 20001)


def test_an_empty_sid_takes_an_application_away() -> None:
    """Clients send it so, although Twilio's description of the field has no room for it: that check is not made."""
    number = the_number(EmptyAccount())
    assert number.update(voice_application_sid="AP" + "1" * 32).voice_application_sid == "AP" + "1" * 32
    assert number.update(voice_application_sid="").voice_application_sid is None


def test_what_a_number_is_told_is_kept_and_shown(account: EmptyAccount) -> None:
    number = the_number(account)
    number.update(sms_url=f"{BASE}/sms", sms_method="GET", sms_fallback_url=f"{BASE}/down", address_sid="AD" + "1" * 32)
    number.update(friendly_name="Help line", sms_application_sid="AP" + "1" * 32)
    shown = number.fetch()
    assert (shown.sms_url, shown.sms_method, shown.sms_fallback_url) == (f"{BASE}/sms", "GET", f"{BASE}/down")
    assert (shown.sms_fallback_method, shown.address_sid) == ("POST", "AD" + "1" * 32)
    assert (shown.sms_application_sid, shown.friendly_name) == ("AP" + "1" * 32, "Help line")
    assert number.update(sms_url="").sms_url == ""
    for wrong in ({"sms_url": "here"}, {"sms_method": "PUT"}, {"address_sid": "here"}):
        with pytest.raises(TwilioRestException):
            number.update(friendly_name="Wrong", **wrong)
    assert number.fetch().friendly_name == "Help line"


def test_a_number_without_a_url_is_not_answered(account: EmptyAccount) -> None:
    account.twilio.own(OTHER)
    sid = account.twilio.dial(CALLER, OTHER)
    account.run(3)
    assert account.status(sid) == "busy"
    assert account.warnings() == ["11100"]


def test_a_number_made_by_a_test_is_the_same_resource(account: EmptyAccount) -> None:
    account.twilio.number(OTHER, f"{BASE}/voice", fallback_url=f"{BASE}/fallback")
    shown = the_number(account).fetch()
    assert (shown.voice_url, shown.voice_fallback_url) == (f"{BASE}/voice", f"{BASE}/fallback")


def test_a_number_of_somebody_else_is_a_404(account: EmptyAccount) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.incoming_phone_numbers("PN" + "0" * 32).update(voice_url=f"{BASE}/voice")
    assert refusal(caught) == (404, 20404)


def test_the_account_shows_itself_to_its_token(account: EmptyAccount) -> None:
    shown = account.client.api.accounts(ACCOUNT).fetch()
    assert (shown.sid, shown.status, shown.type, shown.auth_token) == (ACCOUNT, "active", "Full", TOKEN)
    account.twilio.rotate_auth_token("new")
    with pytest.raises(TwilioRestException) as caught:
        account.client.api.accounts(ACCOUNT).fetch()
    assert refusal(caught) == (401, 20003)


def test_a_standard_api_key_sees_everything_but_the_account(account: EmptyAccount) -> None:
    account.twilio.account.api_keys[KEY] = "secret"
    client = Client(KEY, "secret", ACCOUNT, http_client=InProcess(account.twilio))
    assert client.taskrouter.v1.workspaces.list() == []
    with pytest.raises(TwilioRestException) as caught:
        client.api.accounts(ACCOUNT).fetch()
    assert refusal(caught) == (401, 20003)
