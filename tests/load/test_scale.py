"""Many calls, simulated: docs/scale.md has what the command prints, and the goals hold."""

from pathlib import Path

import pytest

from chalicelib.config import capacity
from load import scale
from load.queueing import Answers, Load, after_call_waits, most_rings, sweeps, waits

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
AT_ONCE = capacity.allowed(scale.center(400), scale.ACCOUNT)


def test_the_page_has_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main([]) == 0
    assert f"```\n{capsys.readouterr().out}```" in PAGE


@pytest.mark.parametrize("seed", range(5))
def test_six_hundred_rings_a_minute_hardly_wait_with_a_crm_of_two_seconds(seed: int) -> None:
    load = Load(600, AT_ONCE.rings, AT_ONCE.after_call, seed=seed)
    assert waits(load, Answers(crm=2.0)).p95 < 1 and after_call_waits(load, Answers(crm=2.0)).p95 < 1


def test_five_slots_for_all_jobs_did_not_carry_them() -> None:
    assert waits(Load(600, 5, None), Answers()).median > 120


def test_a_wrap_up_that_shares_a_slot_costs_rings() -> None:
    assert most_rings(10, 10, Answers()) > 1.3 * most_rings(10, None, Answers())


def test_the_same_seed_is_the_same_crowd() -> None:
    load = Load(100, 4, 4, seed=7)
    assert waits(load, Answers()) == waits(load, Answers())


def test_ten_thousand_open_talks_are_swept_in_time() -> None:
    found = sweeps(10_000, AT_ONCE.after_call, Answers())
    assert found.in_time and found.looked_at == 2500


def test_a_sweep_alone_falls_behind_with_a_thousand() -> None:
    assert not sweeps(1000, 0, Answers()).in_time


@pytest.mark.parametrize("talks", [10, 100])
def test_a_small_centre_is_swept_as_before(talks: int) -> None:
    """A page or less is due in a minute: nothing is handed over, and nothing takes longer."""
    assert sweeps(talks, 0, Answers()) == sweeps(talks, AT_ONCE.after_call, Answers())


def test_more_than_the_pages_of_a_minute_is_late_and_still_looked_at() -> None:
    found = sweeps(40_000, AT_ONCE.after_call, Answers())
    assert not found.in_time and found.looked_at > 3500
