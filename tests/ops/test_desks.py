"""Workers at the agent desk, in workers.toml: what is refused, and what becomes of it in Twilio and in the package."""

from datetime import UTC, datetime

import pytest

from chalicelib.staff.rota import Packaged
from ops.callcenter import check, files, staff_file
from ops.callcenter.files import Texts

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
