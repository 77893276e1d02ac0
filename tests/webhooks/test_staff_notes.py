"""A worker's own words about a call: as the answer to our question, or by the command `note`."""

import msgspec
import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.staff import texts
from emulator.voice.parties import Step, answers, hangs_up, talks
from tests.conftest import Aws
from tests.support.call_centre import BEA, CARL, STRANGER, SUPPORT, CallCentre


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    return CallCentre(cloud, environment)


def talk(centre: CallCentre, *, worker_hangs_up: bool = True) -> None:
    """Bea takes a call, and one of the two hangs up."""
    centre.text(BEA, "on")
    then: list[Step] = [talks(5), hangs_up()] if worker_hangs_up else []
    centre.twilio.phone(BEA).will(answers(1, then))
    centre.twilio.dial(STRANGER, SUPPORT, [talks(12), hangs_up()] if not worker_hangs_up else [talks(60)])
    for _ in range(60):
        centre.run(2)
        centre.work()


def test_a_note_lands_with_the_last_call_and_last_says_whom_to_call_back(centre: CallCentre) -> None:
    talk(centre)
    assert centre.text(BEA, "Note She wants Tuesday 🙂") == texts.noted(STRANGER)
    (link,) = [row for row in centre.cloud.rows() if row["item"].startswith("WR")]
    assert link["note"] == "She wants Tuesday 🙂"
    assert centre.text(BEA, "last") == f"Your last caller was {STRANGER}, 10:00 UTC, line support."
    assert centre.text(CARL, "note not mine") == texts.NO_TALK


def test_a_note_of_1600_characters_is_kept_as_far_as_there_is_room(centre: CallCentre) -> None:
    talk(centre)
    centre.text(BEA, "note " + "x" * 1595)
    (link,) = [row for row in centre.cloud.rows() if row["item"].startswith("WR")]
    assert set(link["note"]) == {"x"} and len(link["note"]) <= texts.LONGEST_NOTE


def test_the_crm_hears_a_note_that_comes_after_the_call(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    center = callcenter.current()
    center = msgspec.structs.replace(center, crm=msgspec.structs.replace(center.crm, after=True))
    monkeypatch.setattr(callcenter, "current", lambda: center)
    heard: list[crm.Ended] = []
    monkeypatch.setattr(crm, "after", lambda _adapter, ended: heard.append(ended))
    talk(centre)
    before = len(heard)
    for _ in range(2):
        centre.text(BEA, "note call again")
    assert [type(job) for job in centre.work()] == [jobs.TellCrm]
    assert [ended.note for ended in heard[before:]] == ["call again"]
