"""A caller chooses in a menu to be called back: into the queue, where they are asked at once, and keep their place."""

import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from emulator.voice.parties import Step, hears, presses, waits
from tests.conftest import Aws
from tests.support.call_centre import CALLCENTER, SUPPORT, CallCentre

CALLER = "+12125550171"
HEAD, TAIL = CALLCENTER.split('greeting = "Hello."', 1)
RULES = """greeting = "Hello."
menu = { prompt = "To be called back press 4.", choices = [
  { digits = "4", then = "callback", attributes = { skill = "bills" }, say = "Very well." },
] }
wait.leave_after = 120
callback = { countries = ["+1"], offer_after = 100 }
"""
QUESTION = "We can call you back at 1, 2 1 2, 5 5 5, 0 1 7 1. To confirm press 1. To stay on the line press 3."
WAITS = "Please stay on the line."


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    return CallCentre(cloud, environment, f"{HEAD}{RULES}{TAIL}")


def calls(centre: CallCentre, *then: Step, caller: str = CALLER) -> list[str]:
    """What the caller hears from the choice on."""
    sid = centre.twilio.dial(caller, SUPPORT, [hears("press 4"), presses("4"), *then])
    centre.run(75)
    return list(centre.twilio.context.calls[sid].heard)[2:]


def test_who_confirms_is_called_back_with_the_attributes_of_the_choice(centre: CallCentre) -> None:
    said = calls(centre, hears("confirm"), presses("1"))
    assert said[:2] == ["Very well.", QUESTION]
    assert "You keep your place." in said[2] and said[3] == "You will be called back. Goodbye."
    centre.work()
    (task,) = [one for one in centre.twilio.router.workspace.tasks.values() if one.attributes.get("kind") == "callback"]
    assert task.attributes["skill"] == "bills" and task.attributes["department"] == "support"


def test_who_says_nothing_waits_on_and_is_not_asked_again(centre: CallCentre) -> None:
    said = calls(centre, waits(70))
    assert said[:3] == ["Very well.", QUESTION, WAITS] and set(said[3:]) == {WAITS}


@pytest.mark.parametrize("key", ["3", "7", "*", "#"])
def test_another_key_waits_on(centre: CallCentre, key: str) -> None:
    assert calls(centre, hears("confirm"), presses(key), waits(60))[2] == WAITS


@pytest.mark.parametrize("caller", ["", "+449012345678", SUPPORT])
def test_whose_number_cannot_be_called_hears_so_and_waits(centre: CallCentre, caller: str) -> None:
    said = calls(centre, waits(60), caller=caller)
    assert said[1].startswith("We cannot call this number back.") and WAITS in said[2]


@pytest.mark.parametrize("place", ["menu", "menus.main"])
def test_a_line_without_callbacks_has_no_such_choice(place: str) -> None:
    text = f"{HEAD}{RULES}{TAIL}".replace("menu =", f"{place} =").replace("callback = {", 'closed.say = "" #')
    with pytest.raises(CallCenterError) as refused:
        callcenter.parse(text)
    assert f"lines.support.{place}.choices[0].then" in str(refused.value)
    assert "needs a table [lines.support.callback]" in str(refused.value)
