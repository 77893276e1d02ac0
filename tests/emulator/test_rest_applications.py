"""Applications: URLs that several numbers share (contract 7.5)."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulator.empty_account import EmptyAccount, refusal
from tests.emulator.harness import BASE, CALLER, LINE


def test_an_application_is_made_found_changed_and_deleted(account: EmptyAccount) -> None:
    made = account.client.applications.create(
        friendly_name="Browser", voice_url=f"{BASE}/browser", voice_method="GET", sms_url=f"{BASE}/sms"
    )
    assert (made.sid[:2], made.voice_url, made.voice_method) == ("AP", f"{BASE}/browser", "GET")
    assert (made.sms_url, made.sms_method, made.voice_fallback_url) == (f"{BASE}/sms", "POST", None)
    other = account.client.applications.create()
    assert [one.sid for one in account.client.applications.list()] == [made.sid, other.sid]
    assert [one.sid for one in account.client.applications.list(friendly_name="Browser")] == [made.sid]
    changed = account.client.applications(made.sid).update(voice_url="", status_callback=f"{BASE}/status")
    shown = (changed.friendly_name, changed.voice_url, changed.voice_method, changed.status_callback)
    assert shown == ("Browser", None, "GET", f"{BASE}/status")
    assert account.client.applications(made.sid).delete() is True
    with pytest.raises(TwilioRestException) as caught:
        account.client.applications(made.sid).fetch()
    assert refusal(caught) == (404, 20404)


def test_the_calls_of_a_number_go_where_its_application_says(account: EmptyAccount) -> None:
    account.pages |= {"/browser": "<Hangup/>", "/incoming": "<Reject/>"}
    application = account.client.applications.create(
        friendly_name="Browser", voice_url=f"{BASE}/browser", voice_method="GET", status_callback=f"{BASE}/status"
    )
    (number,) = account.client.incoming_phone_numbers.list(phone_number=LINE)
    number.update(voice_application_sid=application.sid)
    account.dial()
    account.run(3)
    (asked,) = [one for one in account.asked if one.path == "/browser"]
    assert (asked.method, asked.form["From"], asked.form["To"]) == ("GET", CALLER, LINE)
    assert account.forms("/status")[0]["CallStatus"] == "completed"
    assert account.forms("/incoming") == []
    application.delete()
    sid = account.dial()
    account.run(3)
    assert account.status(sid) == "busy"


@pytest.mark.parametrize(("fields", "code"), [({"voice_url": "here"}, 21402), ({"voice_method": "PUT"}, 21403)])
def test_a_wrong_url_or_method_makes_no_application(account: EmptyAccount, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.applications.create(friendly_name="Browser", **fields)
    assert refusal(caught) == (400, code)
    assert account.client.applications.list() == []
