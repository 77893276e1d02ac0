"""[staff] and the workers' phones: what the files say, what `apply` makes of it, and what is given back."""

import pytest

from chalicelib.config.toml_errors import CallCenterError
from chalicelib.twilio import urls
from ops.callcenter import check, takeover
from ops.callcenter.files import Texts
from ops.callcenter.resources.number import Numbers
from tests.ops.files import API, CENTER, WORKERS, center, without_lines

STAFF = '[staff]\nnumbers = ["+14155550105"]\n'


def said(added: str, workers: str = WORKERS) -> list[str]:
    return without_lines(check.mistakes(Texts(CENTER + added, workers)))


def test_a_staff_number_has_its_calls_and_texts_led_here_and_other_numbers_keep_their_texts() -> None:
    wanted = {one.name: one.fields for one in Numbers().desired(center(("[workspace]", f"{STAFF}[workspace]")), API)}
    staff, line = wanted["+14155550105"], wanted["+14155550100"]
    assert staff["voice_url"] == staff["voice_fallback_url"] == urls.STAFF_CALL.url(API)
    assert staff["sms_url"] == staff["sms_fallback_url"] == urls.STAFF_MESSAGE.url(API)
    assert line["voice_url"] == urls.INCOMING.url(API) and not [name for name in line if name.startswith("sms_")]


@pytest.mark.parametrize(
    ("added", "mistake"),
    [
        ('numbers = ["+14155550100"]', "staff.numbers[0] is '+14155550100': each number may stand once, and lines.support.numbers[0] is the same"),
        ('numbers = ["0415"]', "staff.numbers[0] is '0415': it has no country code: a number begins with + and its country's code, as in +14155550100"),
        ('numbers = ["+14155550105"]\non = "Offline"', "staff.on is 'Offline': allowed is an activity in which workers get calls: Available"),
        ('numbers = ["+14155550105"]\noff = "Away"', "staff.off is 'Away': allowed is an activity in which they get none: Offline, Unavailable, Wrap up"),
        ('numbers = ["+14155550105"]\nadmins = ["Zoe"]', "staff.admins[0] is 'Zoe': allowed: Bea, Dora"),
        ('words = { stop = "off" }', "staff.words.stop is 'stop': Twilio itself acts on cancel, end, help, info, optout, quit, revoke, start, stop, stopall, unstop, unsubscribe, yes: take another word"),
        ('words = { los = "go" }', "staff.words.los is 'go': Invalid enum value 'go'"),
        ("remind_minutes = 721", "staff.remind_minutes is 721: Expected `int` <= 720"),
        ('number = ["+14155550105"]', "staff: Object contains unknown field `number`; allowed: numbers, admins, language, voice, words, on, off, remind_minutes"),
    ],
)  # fmt: skip
def test_each_mistake_is_said_with_key_value_and_what_is_allowed(added: str, mistake: str) -> None:
    (found,) = said(f"[staff]\n{added}\n")
    assert found.startswith(f"callcenter.toml: {mistake}")


def test_a_text_is_sent_from_a_staff_number() -> None:
    assert said('[tell]\ndeliver = ["sms:+14155550199"]\n') == [
        "callcenter.toml: tell.deliver[0] is 'sms:+14155550199': needs staff.numbers, which texts are sent from"
    ]
    assert said(f'{STAFF}[tell]\ndeliver = ["sms:+14155550199"]\n') == []


@pytest.mark.parametrize(
    ("person", "mistake"),
    [
        ('mobile = "+14155550111"', "workers.Eva.mobile is '+14155550111': Bea has the same; each worker needs a phone of their own"),
        ('attributes = { mobile = "+14155550111" }', "workers.Eva.attributes.mobile is '+14155550111': Bea has the same"),
        ('mobile = "client:eva"', "workers.Eva.mobile is 'client:eva': it is no phone number"),
        ('pin = "12"', "workers.Eva.pin is '12': Expected `str` matching regex"),
        ("pin = 1234", "workers.Eva.pin is 1234: Expected `str`, got `int`"),
    ],
)  # fmt: skip
def test_a_phone_is_one_workers(person: str, mistake: str) -> None:
    (found,) = said(STAFF, f"{WORKERS}\n[workers.Eva]\n{person}\n")
    assert found.startswith(f"workers.toml: {mistake}")


def test_a_pin_is_no_attribute_of_the_worker_and_a_mobile_is() -> None:
    made = center(workers=f'{WORKERS}\n[workers.Eva]\nmobile = "+14155550119"\npin = "1234"\n')
    assert made.workers is not None
    assert made.workers["Eva"].all_attributes() == {"mobile": "+14155550119"}


def test_a_mistake_in_one_table_stops_the_parsing() -> None:
    with pytest.raises(CallCenterError):
        center(("[workspace]", "[staff]\nadmins = [1]\n[workspace]"))


# --- Where a number led before

BEFORE = {"sms_url": "https://old.example.com/sms", "sms_method": "GET", "voice_url": "https://old.example.com/voice"}


def fields(**given: str) -> dict[str, str]:
    return {**dict.fromkeys(takeover.NAMES, ""), **given}


def test_a_staff_numbers_texts_are_given_back_with_its_calls() -> None:
    from datetime import UTC, datetime

    from ops.aws.former import Former

    ours = fields(**takeover.wanted_of_staff(API))
    kept = Former("+14155550105", BEFORE, ours["voice_url"], datetime.now(UTC))
    for api in (API, ""):  # the application may be gone by then
        back = takeover.given_back(ours, api, kept)
        assert back is not None and {name: back[name] for name in BEFORE} == BEFORE
        assert back["sms_fallback_url"] == "" and back["voice_fallback_url"] == ""


def test_texts_that_lead_elsewhere_are_left_when_a_number_is_given_back() -> None:
    line = fields(**takeover.wanted(API), sms_url="https://shop.example.com/sms")
    back = takeover.given_back(line, API, None)
    assert back is not None and "sms_url" not in back and back["voice_url"] == ""
