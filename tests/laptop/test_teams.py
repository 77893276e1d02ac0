"""One call from end to end with the files of other teams than the demo's: the smallest, and the largest."""

import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.staff import rota
from emulator.voice.parties import Step, answers, hangs_up, hears, joined, presses, says, talks
from laptop import environment, outcome, package
from laptop.environment import Laptop
from laptop.teams import Team, chosen
from tests.support.api_gateway import schedule
from tests.support.waiting import eventually

TEAMS = package.ROOT / "tests" / "teams"


@pytest.fixture(scope="module", params=["smallest", "largest"])
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Where somebody else may keep it: in a folder with a blank in its name."""
    folder = tmp_path_factory.mktemp("teams") / f"the {request.param} team"
    shutil.copytree(TEAMS / request.param, folder)
    return chosen(str(folder))


@pytest.fixture(scope="module")
def started(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    with environment.running(team=team, log=tmp_path_factory.mktemp("aws") / "aws.log") as laptop:
        yield laptop


def test_a_caller_of_the_first_line_is_joined_to_a_worker(started: Laptop) -> None:
    centre = started.call_centre
    number, line = next(iter(centre.lines.values())), centre.center.application.lines[next(iter(centre.lines))]
    worker, phone = next(iter(centre.phones.items()))
    choice: list[Step] = [hears(line.said(line.menu.prompt).words), presses("1")] if line.menu else []
    survey: list[Step] = [hears(line.said(line.after.survey).words), presses("5")] if line.after.survey else []

    def dial() -> str:
        started.twilio.phone(phone).will(answers(1, [joined(), talks(1), hangs_up()]))
        centre.on_duty(worker)
        steps: list[Step] = [hears(line.said(line.greeting).words), *choice, joined(), *survey]
        return started.twilio.dial(centre.callers["Gus"], number, steps)

    call_sid = started.do(dial)
    expected = [f"{worker}: completed", f"joined: {worker}", "task: completed", "legs left: 0"]
    eventually(lambda: set(expected) <= set(outcome.observe(started, call_sid)))
    assert [line for line in outcome.observe(started, call_sid) if line in expected] == expected


@pytest.mark.parametrize("team", ["largest"], indirect=True)
def test_a_message_is_read_by_amazon_and_is_gone_at_twilio(started: Laptop) -> None:
    centre = started.call_centre
    number, line = next(iter(centre.lines.values())), centre.center.application.lines[next(iter(centre.lines))]
    assert line.menu and line.wait.options and line.voicemail.transcribe == "amazon"
    steps: list[Step] = [
        *(hears(line.said(line.greeting).words), hears(line.said(line.menu.prompt).words), presses("1")),
        *(
            hears(line.said(line.wait.options.say).words),
            presses("9"),
            hears(line.said(line.voicemail.prompt).words),
            talks(4),
            presses("#"),
        ),
    ]

    def dial() -> str:
        centre.on_duty()
        return started.twilio.dial(centre.callers["Ivy"], number, steps)

    call_sid = started.do(dial)

    def message() -> Mapping[str, Any]:
        rows = outcome.call_rows(started.aws, call_sid)
        return next((row for row in rows if row["item"].startswith("RECORDING#")), {})

    def is_kept_by_the_sweep() -> bool:
        package.invoke(started.aws, "Sweep", schedule())
        return "deleted_at" in message()

    eventually(is_kept_by_the_sweep, within=80)
    assert message()["text"] and message()["stored_as"].endswith(".mp3")
    assert started.do(lambda: dict(started.twilio.context.recordings.all)) == {}


@pytest.mark.parametrize("team", ["largest"], indirect=True)
def test_a_caller_goes_down_the_menus_and_back_and_waits_in_their_language(started: Laptop) -> None:
    centre = started.call_centre
    name, line = next((name, line) for name, line in centre.center.application.lines.items() if line.menus)
    steps: list[Step] = [
        *(hears("For English press 1."), presses("1"), hears("more.mp3"), presses("*")),
        *(hears("For English press 1."), says("in english", 0.2)),
        *(hears("If you mean english press 1."), presses("1"), hears("more.mp3"), presses("1")),
        hears(line.said(line.wait.say).words),
    ]

    def dial() -> str:
        centre.on_duty()
        return started.twilio.dial(centre.callers["Gus"], centre.lines[name], steps)

    call_sid = started.do(dial)

    def known() -> Mapping[str, Any]:
        tasks = started.twilio.router.workspace.tasks.values()
        return next((one.attributes for one in tasks if one.attributes.get("call_sid") == call_sid), {})

    eventually(lambda: bool(started.do(known)))
    chosen_by_keys = {"asked_for": "english", "skill": "more", "language": "en"}
    assert {**line.attributes, **chosen_by_keys}.items() <= started.do(lambda: dict(known())).items()
    heard = started.twilio.context.calls[call_sid].heard
    eventually(lambda: started.do(lambda: line.said(line.wait.say).words in heard))
    assert started.do(lambda: heard.count("For English press 1.")) == 2
    started.do(lambda: started.twilio.hang_up(call_sid))


def test_its_files_are_in_the_package_but_for_the_people(started: Laptop, team: Team) -> None:
    with zipfile.ZipFile(package.BUILD / "package" / "deployment.zip") as archive:
        files = [Path(name) for name in archive.namelist() if name.startswith("chalicelib/team/")]
        text = archive.read("chalicelib/team/callcenter.toml")
    has_pins = any(worker.pin for worker in (team.center().workers or {}).values())
    made = {rota.FILE} if has_pins else set()
    packaged = {file.name for file in files if file.parent.name != "__pycache__"}
    assert packaged == {file.name for file in team.folder.iterdir()} - {"workers.toml"} | made
    assert text == (team.folder / "callcenter.toml").read_bytes()
