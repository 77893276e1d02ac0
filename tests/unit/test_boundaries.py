"""Values on either side of a limit, and those exactly on it."""

import pytest

from chalicelib.callers import profile
from chalicelib.config import callcenter
from chalicelib.config.callers import KnowCaller, SameWorker
from chalicelib.config.hours import WhenClosed
from chalicelib.config.menus import DEEPEST
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.links.model import CallRecord, Link
from chalicelib.links.profiles import Profile, Talked
from chalicelib.reports import story

DAY = 86400.0
LINE = 'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n'


@pytest.mark.parametrize(("now", "worker"), [(7 * DAY + 99, "Bea"), (7 * DAY + 100, ""), (7 * DAY + 101, "")])
def test_the_same_worker_is_theirs_for_so_many_days(now: float, worker: str) -> None:
    found = Profile(workers={"support": Talked("Bea", 100.0)})
    assert profile.known(found, "support", KnowCaller(same_worker=SameWorker(days=7)), now).worker == worker


def test_an_activity_that_the_file_does_not_know_takes_no_calls() -> None:
    center = callcenter.parse(
        'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n[activities]\nOpen = true\nShut = false\n'
    )
    assert [center.takes_calls(name) for name in ("Open", "Shut", "Available")] == [True, False, False]


def test_a_closed_line_leads_to_its_number() -> None:
    assert WhenClosed(then="redirect", to="+14155550199").leads_to == {"to": "+14155550199"}
    assert WhenClosed().leads_to == {}


def menus_below_each_other(count: int) -> str:
    """`main`, and each of the others below the one before it."""
    names = ["main", *(f"menu{number}" for number in range(1, count))]
    tables = [
        f'[lines.a.menus.{name}]\nprompt = "Press 1."\nchoices = [{{ digits = "1"{leads} }}]\n'
        for name, leads in zip(names, [*(f', then = "menu:{name}"' for name in names[1:]), ""], strict=True)
    ]
    return LINE + "".join(tables)


def test_menus_are_as_deep_as_they_may_be_and_no_deeper() -> None:
    assert len(callcenter.parse(menus_below_each_other(DEEPEST)).lines["a"].menus) == DEEPEST
    for more in (1, 2):
        with pytest.raises(CallCenterError, match=f"at most {DEEPEST} menus one below the other"):
            callcenter.parse(menus_below_each_other(DEEPEST + more))


@pytest.mark.parametrize(("letters", "fits"), [(500, True), (501, False)])
def test_the_sentence_of_a_holiday_has_500_characters_at_most(letters: int, fits: bool) -> None:
    dates = f'dates = [{{ on = "2026-12-25", say = "{"x" * letters}" }}]'
    text = f'{LINE}[hours.a]\nweek = {{ mon = ["08:00-12:00"] }}\n{dates}\n'
    if fits:
        callcenter.parse(text)
        return
    with pytest.raises(CallCenterError, match="500"):
        callcenter.parse(text)


def test_a_story_has_the_seconds_until_the_verdict() -> None:
    link = Link(subject="CA1", reservation_sid="WR1", answer="detect", answered_by="human", machine_ms=60_000)
    assert "answered by: human after 60.0 s" in story.timeline(CallRecord(None, (link,)))
