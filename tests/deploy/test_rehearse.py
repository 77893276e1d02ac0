"""`make rehearse`: the first deployment from the secret to the last `chalice delete`, by the commands themselves."""

import re
import subprocess
import sys

import pytest

from laptop import rehearse
from laptop.call_centre import AUTH_TOKEN
from laptop.local_aws import LaptopError
from laptop.package import ROOT
from laptop.rehearse import STEPS, Rehearsal, Step
from laptop.teams import DEMO

TYPED = [
    "./cordboard check --stage dev",
    "./cordboard secret set --stage dev",
    "./cordboard secret show --stage dev",
    "./cordboard deploy --stage dev",
    "./cordboard deploy --stage dev --yes",
    "./cordboard doctor --stage dev",
    "./cordboard calls show CA… --stage dev",
    "./cordboard deploy --stage dev --yes",
    "./cordboard destroy --stage dev --yes",
    "chalice delete --stage dev",
]


@pytest.fixture(scope="module")
def said() -> str:
    """All that it prints, with the demo's files; it ends well."""
    command = [sys.executable, "-m", "laptop.rehearse", str(DEMO.folder)]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_each_step_says_what_happens_and_which_command_does_it(said: str) -> None:
    assert re.findall(r"(?m)^(\d) of 9  (.*)$", said) == [(str(n), step.says) for n, step in enumerate(STEPS, 1)]
    typed = re.findall(r"(?m)^  \$ ((?:\./cordboard|chalice) .*)$", said)
    assert [re.sub("CA[0-9a-f]{32}", "CA…", command) for command in typed] == TYPED


def test_what_the_commands_print_is_theirs(said: str) -> None:
    for line in (
        "  | callcenter.toml can be applied: 4 queues, 7 workers",
        "  | stage dev is to be changed:",
        "  | nobody is there to be asked: give --yes. Nothing was changed",
        "  |   the stack cordboard-dev-resources is created",
        "  | + workspace Harbour Clinic",
        "  | ok       Twilio: has what the files say, and leads to the deployed application",
        "  | Worker Bea, queue Support, crm-first: completed",
        "  | nothing was changed: everything is as the files say",
        "  | destroyed",
        "  | Deleting IAM role: cordboard-dev-api_handler",
    ):
        assert f"{line}\n" in said
    assert "Twilio joins Ann and Bea" in said
    assert AUTH_TOKEN not in said


def test_a_step_that_fails_is_named_and_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(it: Rehearsal) -> None:
        raise LaptopError("`chalice delete --stage dev` ended with 1, not with 0")

    done: list[str] = []
    steps = [Step("Well.", lambda it: done.append("well")), Step("Not well.", fails), Step("Never.", fails)]
    assert rehearse.play(object.__new__(Rehearsal), steps) == 1
    shown = capsys.readouterr().out
    assert shown.endswith("FAILED at step 2 of 3: `chalice delete --stage dev` ended with 1, not with 0\n")
    assert (done, "Never." in shown) == (["well"], False)


def test_a_folder_that_is_half_filled_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse.main([str(ROOT / "tests" / "teams" / "half-filled")]) == 1
    assert "lines.main.numbers[0] is '+1415'" in capsys.readouterr().err
