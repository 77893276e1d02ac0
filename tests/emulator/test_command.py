"""`python -m emulator`: it serves an application that knows nothing of it, plays a script, and says what it cannot."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from twilio.rest import Client

from emulator.script import ScriptError, read
from emulator.voice import parties
from emulator.worlds import WORLDS, Worlds, drawn
from tests.emulator import tutorial_application
from tests.emulator.official import OverHttp
from tests.emulator.web_application import serving

NUMBER, CALLER = "+14155550100", "+12125550171"
SCRIPT = f"""
begins = "worker_available"

[[phones]]
number = "{tutorial_application.WORKER_PHONE}"
name = "Ada"
rings = ["answers 2"]
then = ["joined", "talks 5", "hangs up"]

[[calls]]
from = "{CALLER}"
to = "{NUMBER}"
name = "Ann"
then = ["hears hold", "joined"]
"""

Event = Mapping[str, str]


@contextmanager
def emulator(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "emulator", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(*words: str) -> str:
    """The sentence on stderr of a command that cannot begin."""
    command = [sys.executable, "-m", "emulator", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr.strip().removeprefix("python -m emulator: ")


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def events(process: subprocess.Popen[str]) -> Iterator[Event]:
    """Until the caller's leg has ended."""
    while text := line(process):
        event: Event = json.loads(text)
        yield event
        if event["kind"] == "ended" and event["by"] == "document":
            return


def test_an_application_of_taskrouter_takes_a_scripted_call(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text(SCRIPT)
    with tutorial_application.running() as application:
        words = ("--json", "--speed", "20", "--script", str(people), "--number", f"{NUMBER}={application.url}/incoming")
        with emulator(*words) as process:
            ready = json.loads(line(process))
            assert ready["inspector"] == f"{ready['url']}/_emulator/"
            client = Client(ready["account_sid"], ready["auth_token"], http_client=OverHttp(ready["url"]))
            application.configure(client)
            told = list(events(process))
    assert [event["kind"] for event in told].count("joined") == 1
    dialed = [(event["from_"], event["to"]) for event in told if event["kind"] == "dialed"]
    assert dialed == [(CALLER, NUMBER), (NUMBER, tutorial_application.WORKER_PHONE)]
    assert "Please hold" in [event["text"] for event in told if event["kind"] == "heard"]
    assert not [event for event in told if event["kind"] == "warning"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_timeline_is_readable_names_people_and_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    people = tmp_path / "people.toml"
    people.write_text(SCRIPT.replace("worker_available", "at_start"))
    with emulator("--script", str(people), "--number", NUMBER) as process:
        start = [line(process).split() for _ in range(5)]
        told = [line(process) for _ in range(3)]
        process.send_signal(number)
        assert process.wait(30) == 0
    assert [words[0] for words in start] == ["url", "account_sid", "auth_token", "inspector", "ready:"]
    assert start[3][1] == f"{start[0][1]}/_emulator/"
    assert told[0].endswith(f"s  Ann: {CALLER} dials {NUMBER}\n")
    assert told[1].endswith(f"s  WARNING 11100: {NUMBER} has no VoiceUrl\n")
    assert told[2].endswith("s  Ann: the call ends: busy, by network\n")


def test_a_reader_who_goes_away_ends_it(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    calls = [f'[[calls]]\nfrom = "{CALLER}"\nto = "{NUMBER}"\nat = {second}\n' for second in range(60)]
    people.write_text("".join(calls))  # so that there is something to write after the reader has gone
    with emulator("--script", str(people), "--number", NUMBER) as process:
        line(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(30) == 0


def test_the_same_seed_gives_the_same_sids(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text(SCRIPT.replace("worker_available", "at_start"))
    sids = []
    for seed in ("7", "7", "8"):
        with emulator("--json", "--seed", seed, "--script", str(people), "--number", NUMBER) as process:
            line(process)
            sids.append(json.loads(line(process))["sid"])
    assert sids[0] == sids[1] != sids[2]


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused("--port", str(port))
    assert sentence == f"port {port} of 127.0.0.1 is in use: choose another with --port, or 0 for a free one"


def ended(*words: str) -> tuple[int, str]:
    """Exit code and stderr of a command that ends by itself."""
    command = [sys.executable, "-m", "emulator", "--port", "0", "--speed", "20", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_a_script_that_went_well_ends_the_command_with_0(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text(SCRIPT.replace("worker_available", "at_start").replace('"hears hold", "joined"', '"waits 1"'))
    with serving({"/incoming": "<Say>Welcome</Say>"}) as application:
        number = f"{NUMBER}={application.url}/incoming"
        assert ended("--ends-within", "30", "--script", str(people), "--number", number) == (0, "")


def test_what_did_not_go_well_is_told_and_ends_it_with_1(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text(SCRIPT.replace("worker_available", "at_start"))
    with serving({}) as application:
        number = f"{NUMBER}={application.url}/incoming"
        told = ended("--ends-within", "30", "--script", str(people), "--number", number)
    assert told == (1, "Twilio's debugger would show 11200 (1 times)\n")
    people.write_text(SCRIPT)
    told = ended("--ends-within", "0.5", "--script", str(people), "--number", NUMBER)
    assert told == (1, "0 of the script's 1 calls were dialled\n")
    people.write_text(SCRIPT.replace("worker_available", "at_start"))
    with serving({"/incoming": "<Pause length='600'/>"}) as application:
        number = f"{NUMBER}={application.url}/incoming"
        told = ended("--ends-within", "1", "--script", str(people), "--number", number)
    assert told == (1, "1 calls are not over\n")


def test_the_worlds_are_listed_by_name() -> None:
    command = [sys.executable, "-m", "emulator", "--worlds"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "--canceled-task stays (the default) or leaves\n"
        "    what becomes of a waiting caller whose task is canceled: stays in the queue, or leaves it\n"
    )
    assert done.stdout.count("\n") == 2 * len(WORLDS)


def test_the_worlds_are_drawn_by_the_seed_but_for_those_that_are_given() -> None:
    worlds = []
    for seed in ("7", "7", "8"):
        with emulator("--json", "--seed", seed, "--draw-worlds", "--ended-call", "leaves_task") as process:
            worlds.append(json.loads(line(process))["worlds"])
    assert worlds[0] == worlds[1] == drawn(7, Worlds(ended_call="leaves_task"))
    assert {world["ended_call"] for world in worlds} == {"leaves_task"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--colour"], "unrecognized arguments: --colour"),
        (["--port", "²"], "argument --port: ² is no port: it must be a number from 0 to 65535"),
        (["--port", "x"], "argument --port: x is no port: it must be a number from 0 to 65535"),
        (["--account-sid", "AC1"], "argument --account-sid: AC1 is no account sid: it must be AC and 32 hex digits"),
        (["--seed", "x"], "argument --seed: x is no seed: it must be a whole number, like 7"),
        (["--seed", "²"], "argument --seed: ² is no seed: it must be a whole number, like 7"),
        (
            ["--auth-token", ""],
            "argument --auth-token: it is empty: it must be the token that opens REST and signs webhooks",
        ),
        (["--speed", "0"], "argument --speed: 0 is no speed: it must be a number above 0, like 10 or 0.5"),
        (
            ["--number", "4155550100=http://localhost/voice"],
            "argument --number: 4155550100 is no phone number: it must be a number in E.164, like +14155550100",
        ),
        (
            ["--number", f"{NUMBER}=localhost/voice"],
            "argument --number: localhost/voice is no URL: it must begin with http:// or https://",
        ),
        (
            ["--host", "https://shop.example.com"],
            "argument --host:  is no port: it must be a number from 1 to 65535",
        ),
        (
            ["--host", "http://shop.example.com=5000"],
            "argument --host: http://shop.example.com is no public name: it must be https:// and a host, like "
            "https://shop.example.com",
        ),
        (
            ["--host", "https://shop.example.com=x"],
            "argument --host: x is no port: it must be a number from 1 to 65535",
        ),
        (
            ["--host", "https://shop.example.com=5000", "--host", "https://SHOP.example.com=6000"],
            "argument --host: https://shop.example.com is mapped twice: to 5000 and to 6000",
        ),
        (["--virtual-clock", "--speed", "2"], "--virtual-clock stands still: it has no --speed"),
        (
            ["--ends-within", "0"],
            "argument --ends-within: 0 is no time: it must be a number of seconds above 0, like 30",
        ),
        (["--script", "nowhere.toml"], "--script nowhere.toml: No such file or directory"),
    ],
)
def test_a_wrong_word_is_told_in_one_sentence(words: list[str], sentence: str) -> None:
    assert refused(*words) == sentence


PHONE = '[[phones]]\nnumber = "+14155550111"\n'
CALL = f'[[calls]]\nfrom = "{CALLER}"\nto = "{NUMBER}"\n'
TEXT = f'[[texts]]\nfrom = "{CALLER}"\nto = "{NUMBER}"\nbody = "status"\n'
DOCUMENT = '[[documents]]\nurl = "https://x.example/a"\ntwiml = "<Response/>"\n'
STEPS = "hears TEXT, presses DIGITS, says TEXT, waits SECONDS, joined, talks SECONDS, hangs up"
RINGS = (
    "answers SECONDS, no answer, busy, declines SECONDS, voicemail SECONDS, voicemail without beep SECONDS, "
    "voicemail with music SECONDS, fax SECONDS, unknown SECONDS, unreachable"
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("calls = 1 2", "people.toml is no TOML: Expected newline or end of document after a statement"),
        (
            "call = []",
            "people.toml: the file: unknown field call; its keys are begins, phones, calls, texts",
        ),
        ('begins = "later"', "people.toml: begins is 'later': allowed are at_start and worker_available"),
        (
            CALL + "when = 1",
            "people.toml: calls[0]: unknown field when; its keys are from, to, name, at, then",
        ),
        ("[[calls]]\nat = 1", "people.toml: calls[0]: object missing required field from; its keys are from"),
        (CALL + 'at = "now"', "people.toml: calls[0].at is 'now': expected float, got str"),
        (CALL + "at = -1", "people.toml: calls[0].at is -1.0: it must be a number of seconds from 0 on"),
        (CALL + "at = nan", "people.toml: calls[0].at is nan: it must be a number of seconds from 0 on"),
        (CALL + "at = inf", "people.toml: calls[0].at is inf: it must be a number of seconds from 0 on"),
        (CALL.replace(NUMBER, "+1999"), f"people.toml: calls[0].to is '+1999': the account's numbers are {NUMBER}"),
        (CALL.replace(CALLER, "Ann"), "people.toml: calls[0].from is 'Ann': it must be a number in E.164, like +14155"),
        (CALL + 'then = ["joined", "presses x"]', f"people.toml: calls[0].then[1] is 'presses x': allowed are {STEPS}"),
        (CALL + 'then = ["waits nan"]', f"people.toml: calls[0].then[0] is 'waits nan': allowed are {STEPS}"),
        (
            CALL + 'then = ["hangs up", "waits 1"]',
            "people.toml: calls[0].then[0] is 'hangs up': it must be the last, nobody does anything after it",
        ),
        (PHONE + 'rings = ["sings"]', f"people.toml: phones[0].rings[0] is 'sings': allowed are {RINGS}"),
        (PHONE + "rings = []", f"people.toml: phones[0].rings is empty: a phone does one of {RINGS}"),
        (TEXT.replace(CALLER, "Ann"), "people.toml: texts[0].from is 'Ann': it must be a number in E.164"),
        (TEXT + "at = -1", "people.toml: texts[0].at is -1.0: it must be a number of seconds from 0 on"),
        (DOCUMENT.replace("https://", ""), "people.toml: documents[0].url is 'x.example/a': it must begin with http"),
        (DOCUMENT.replace("Response", "Answer"), "people.toml: documents[0].twiml is no TwiML: Document parse failure"),
        (PHONE + PHONE, "people.toml: phones[1].number is '+14155550111': phones[0] has it already"),
        ('[[phones]]\nnumber = "Ada"', "people.toml: phones[0].number is 'Ada': it must be a number in E.164"),
    ],
)
def test_a_bad_script_is_told_by_file_key_and_value_and_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read(text, "people.toml", [NUMBER])
    assert str(caught.value).startswith(sentence)


def test_a_bad_script_ends_the_command(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text("begins = 1")
    assert refused("--script", str(people)) == "people.toml: begins is 1: expected str, got int"


def test_a_script_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_bytes('begins = "später"'.encode("latin-1"))
    assert refused("--script", str(people)) == f"--script {people}: it must be text in UTF-8"


def test_a_script_may_say_everything_that_phones_and_people_do() -> None:
    rings = '["answers 1.5", "no answer", "busy", "declines 2", "voicemail 9", "unknown 3", "unreachable"]'
    steps = '["hears press 1", "presses 1", "says hello", "waits 1", "joined", "talks 2", "hangs up"]'
    call = f'{CALL}verstat = "TN-Validation-Passed-A"\nthen = {steps}'
    script = read(f"{PHONE}rings = {rings}\n{call}\n{TEXT}at = 3\n{DOCUMENT}", "people.toml", [NUMBER])
    assert (script.calls[0].verstat, script.texts[0].at) == ("TN-Validation-Passed-A", 3)
    assert script.documents == {"https://x.example/a": "<Response/>"}
    kinds = [behaviour.kind for behaviour in script.phones["+14155550111"]]
    assert kinds == ["answers", "no_answer", "busy", "declines", "answers", "answers", "unreachable"]
    assert script.calls[0].then == (
        *(parties.hears("press 1"), parties.presses("1"), parties.says("hello"), parties.waits(1)),
        *(parties.joined(), parties.talks(2), parties.hangs_up()),
    )
