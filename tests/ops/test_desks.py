"""Workers at the agent desk, in workers.toml: what is refused, and what becomes of it in Twilio and in the package."""

from datetime import UTC, datetime

import pytest

from chalicelib.staff.rota import Packaged
from ops.callcenter import check, files, staff_file
from ops.callcenter.files import Texts

CHATS = """
[workflow]
default_queue = "Support"
[[workflow.filters]]
name = "chats"
when = 'kind == "chat"'
targets = [{ queue = "Chats" }]
[queues.Support]
[queues.Chats]
workers = '%s'
[work.chat]
say = "A chat."
at = "desk"
"""
CENTER = 'default_line = "main"\n[lines.main]\ngreeting = "Hello."\nnumbers = ["+14155550100"]\n'
AT_DESK = '[workers."Bea Lee"]\nmail = "Bea@example.com"\ndesk = true\ncontact_uri = "{contact}"\n'
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def about_desks(workers: str) -> list[str]:
    found = check.mistakes(Texts(CENTER, workers))
    return [one for one in found if "contact_uri" in one or ".desk" in one]


@pytest.mark.parametrize("contact", ["+14155550111", "client:Bea_Lee"])
def test_a_desk_has_a_phone_or_the_browser(contact: str) -> None:
    assert about_desks(AT_DESK.format(contact=contact)) == []


def test_a_browser_that_is_called_as_somebody_else_is_refused() -> None:
    (said,) = about_desks(AT_DESK.format(contact="client:Carl"))
    assert "allowed at the desk: client:Bea_Lee, or a phone" in said


def test_a_desk_needs_an_address() -> None:
    (said,) = about_desks('[workers.Bea]\ncontact_uri = "+14155550111"\ndesk = true\n')
    assert "workers.Bea.desk is" in said and "needs a mail" in said


def test_the_attribute_alone_is_no_desk() -> None:
    """Such a worker would be rung by nobody, and could sign in nowhere."""
    (said,) = about_desks('[workers.Bea]\ncontact_uri = "+14155550111"\nattributes = { desk = true }\n')
    assert "say workers.Bea.desk = true" in said


def test_twilio_knows_who_is_at_a_desk_and_the_package_by_which_address() -> None:
    center = files.parse(*Texts(CENTER, AT_DESK.format(contact="+14155550111")))
    workers = center.workers or {}
    assert workers["Bea Lee"].all_attributes() == {"contact_uri": "+14155550111", "desk": True}
    made = staff_file.made(center, None, Packaged(), NOW)
    assert made.desks == {"bea@example.com": "Bea Lee"}
    assert not staff_file.is_as_good(Packaged(zone=made.zone, made_of=made.made_of), made, NOW)


# --- Work that is taken at the desk

PEOPLE = AT_DESK.format(contact="+14155550111") + '[workers.Carl]\ncontact_uri = "+14155550112"\n'


def warned(serve: str, workers: str = PEOPLE) -> list[str]:
    center = files.parse(*Texts(CENTER + CHATS % serve, workers))
    return [one for one in check.warnings(center) if "desk" in one]


def test_who_has_no_desk_and_may_be_rung_for_a_chat_is_warned_of() -> None:
    (said,) = warned("1==1")
    assert "work.chat.at is 'desk', and Carl of queues.Chats has no desk, and may be rung for it" in said


def test_a_queue_of_desks_rings_nobody() -> None:
    assert warned("desk == true") == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('[work.chat]\nsay = "x"\nat = "dsk"\n', "work.chat.at is 'dsk'"),
        ('[work.message]\nsay = "x"\nat = "desk"\n', "allowed: phone, on which the worker hears the message"),
        ('[work.chat]\nsay = "x"\nlink = "https://example.com"\n', 'needs at = "desk"'),
        ('[work.chat]\nsay = "x"\nat = "desk"\nlink = "http://example.com"\n', "https"),
        ('[work.chat]\nsay = "x"\nat = "desk"\nlink = "https://{host}/x"\n', "https"),
        ('[work.chat]\nsay = "x"\nat = "desk"\nlink = "https://a.com@{host}/"\n', "https"),
        ('[work.chat]\nsay = "x"\nat = "desk"\nlink = "javascript:alert(1)"\n', "https"),
        ('[work.chat]\nsay = "x"\nat = "desk"\nlink = "https://a.com/{not closed"\n', "https"),
        ('[work.chat]\nsay = "x"\nat = "desk"\ngive_back_after = 59\n', "60"),
        ('[work.chat]\nsay = "x"\nat = "desk"\ngive_back_after = 82801\n', "82800"),
    ],
)
def test_what_cannot_be_worked_at_the_desk_is_refused(rules: str, said: str) -> None:
    (found,) = [one for one in check.mistakes(Texts(CENTER + rules)) if "work." in one]
    assert said in found and found.startswith("callcenter.toml:")


@pytest.mark.parametrize(
    "link", ["https://a.com", "https://a.com:8443/x", "https://a.com/{id}?v={x}#y", "https://a.com?c={id}"]
)
def test_a_link_has_attributes_behind_its_host(link: str) -> None:
    rules = f'[work.chat]\nsay = "x"\nat = "desk"\nlink = "{link}"\n'
    assert [one for one in check.mistakes(Texts(CENTER + rules)) if "work." in one] == []


@pytest.mark.parametrize(
    ("said", "seconds"), [("", 14400), ("give_back_after = 60", 60), ("give_back_after = 82800", 82800)]
)
def test_work_is_given_back_within_the_day_for_which_twilio_keeps_it(said: str, seconds: int) -> None:
    center = files.parse(*Texts(f'{CENTER}[work.chat]\nsay = "x"\nat = "desk"\n{said}\n'))
    assert center.application.work_of("chat").give_back_after == seconds


def test_what_is_at_the_desk_is_a_kind_of_work() -> None:
    center = files.parse(*Texts(CENTER + CHATS % "1==1" + '[work.lead]\nsay = "x"\n'))
    assert center.application.kinds_at_desk == {"chat"}
