"""`make rehearse`: a whole first deployment, told step by step, by the commands that a person types.

    python -m laptop.rehearse [FOLDER]     with the team's files of this folder

AWS is the local one and Twilio the emulator: nothing leaves this machine, and no account is needed.
"""

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chalicelib.config import menus
from chalicelib.config.schema import Line
from emulator.server import in_real_time, serve
from emulator.voice.parties import Step as CallStep
from emulator.voice.parties import answers, hangs_up, hears, joined, presses, talks
from laptop import call_centre, crm_server, deploy_proxy, deployable, local_aws, versions
from laptop.asked import TakesCalls
from laptop.call_centre import ACCOUNT_SID, AUTH_TOKEN
from laptop.deploy_proxy import Proxy
from laptop.deployable import STAGE
from laptop.environment import SPEECH_RATE, Laptop
from laptop.local_aws import LaptopError
from laptop.mailbox import Mailbox
from laptop.package import BUILD
from laptop.screen import BOLD, DIM, GREEN, RED, paint
from laptop.teams import Team, chosen
from laptop.timeline import Timeline
from ops import stage
from ops.callcenter.files import Center
from ops.errors import ExitCode, OpsError

FOLDER = BUILD / "rehearsal"
CALL_SECONDS = 90.0
AWAY = ("TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET", "LINKS_TABLE", "CORDBOARD_ROOT")

LEFT_TO_DO = """\
What stays, and how it goes too (not run here; the tables stay still, with their records):
  $ aws cloudformation delete-stack --stack-name cordboard-dev-resources
  $ aws ssm delete-parameter --name /cordboard/dev/twilio"""


@dataclass
class Rehearsal:
    """`laptop` is where everything runs; `environment` is that of the person who types."""

    root: Path
    laptop: Laptop
    center: Center
    environment: dict[str, str]
    call_sid: str = ""

    def run(self, typed: str, stdin: str = "", code: ExitCode = ExitCode.DONE) -> None:
        """Run this command, and print what it prints. Raises LaptopError when it ends otherwise than with `code`."""
        print(f"  $ {paint(typed, BOLD)}", flush=True)
        with subprocess.Popen(
            deployable.runnable(shlex.split(typed)), cwd=self.root, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            assert process.stdin and process.stdout
            process.stdin.write(stdin)
            process.stdin.close()
            for line in process.stdout:
                print(f"  {paint('|', DIM)} {line}", end="", flush=True)
        if process.returncode != code:
            raise LaptopError(f"`{typed}` ended with {process.returncode}, not with {code.value}")


Act = Callable[[Rehearsal], None]


@dataclass(frozen=True)
class Step:
    says: str
    do: Act


def _check(it: Rehearsal) -> None:
    it.run(f"./cordboard check --stage {STAGE}")


def _secret(it: Rehearsal) -> None:
    given = json.dumps({"auth_token": AUTH_TOKEN, "crm_key": it.laptop.crm.key})
    it.run(f"./cordboard secret set --stage {STAGE}", given)
    it.run(f"./cordboard secret show --stage {STAGE}")


def _ask(it: Rehearsal) -> None:
    it.run(f"./cordboard deploy --stage {STAGE}", code=ExitCode.USAGE)


def _deploy(it: Rehearsal) -> None:
    it.run(f"./cordboard deploy --stage {STAGE} --yes")


def _doctor(it: Rehearsal) -> None:
    it.run(f"./cordboard doctor --stage {STAGE}")


def _call(it: Rehearsal) -> None:
    """Somebody dials the first line, chooses their way into the queue, and is joined to whoever is free."""
    laptop = it.laptop
    for name, warming in ((f"cordboard-{STAGE}", versions.API), (f"cordboard-{STAGE}-jobs_consumer", versions.JOBS)):
        versions.warm(laptop.aws, name, warming, "$LATEST")
    laptop.call_centre = laptop.do(lambda: call_centre.of_account(laptop.twilio, it.center, stage.read(STAGE, it.root)))
    Timeline(laptop)
    it.call_sid = laptop.do(lambda: _dial(laptop, it.center))
    deadline = time.monotonic() + CALL_SECONDS
    while not laptop.do(lambda: _have_talked(laptop)):
        if time.monotonic() > deadline:
            raise LaptopError(f"the caller was not joined to anybody within {CALL_SECONDS:.0f} s")
        time.sleep(0.2)  # other processes bring it about: look again
    it.run(f"./cordboard calls show {it.call_sid} --stage {STAGE}")


def _dial(laptop: Laptop, center: Center) -> str:
    people = laptop.call_centre
    takes = TakesCalls(laptop.twilio, lambda: center)
    laptop.twilio.scheduler.on_event.append(takes)
    for phone in filter(None, people.phones.values()):
        takes.phones.add(phone)
        laptop.twilio.phone(phone).will(answers(1, [joined(), talks(2), hangs_up()]))
    people.on_duty(*[name for name, phone in people.phones.items() if phone and not phone.startswith("client:")])
    lines = (center.application.lines[center.application.default_line], *center.application.lines.values())
    line = next((line for line in lines if line.numbers), None)
    if line is None:
        raise LaptopError("no line has a number that somebody could dial")
    caller = next(iter(people.callers.values()))
    return laptop.twilio.dial(caller, line.numbers[0], [*_chooses(line), joined(), talks(1)])


def _chooses(line: Line) -> list[CallStep]:
    """The first keys that lead into the queue: where a menu has none, it is waited out."""
    place = menus.first(line.every_menu) if line.every_menu else None
    steps: list[CallStep] = []
    while place:
        ways = [one for one in place.menu.choices if one.then == "queue" or _is_below(place, one)]
        steps += [hears(line.said(place.menu.prompt).words), *(presses(one.digits) for one in ways[:1])]
        line = line.in_language(ways[0].language) if ways else line
        place = menus.go(line.every_menu, place, ways[0]) if ways and ways[0].menu else None
    return steps


def _is_below(place: menus.Place, choice: menus.Choice) -> bool:
    return bool(choice.menu) and choice.menu not in place.names


def _have_talked(laptop: Laptop) -> bool:
    """Whether somebody was joined, and everybody has hung up."""
    are_over = all(call.is_over for call in laptop.twilio.context.calls.values())
    return are_over and any(event.kind == "joined" for event in laptop.twilio.scheduler.trace)


def _destroy(it: Rehearsal) -> None:
    it.run(f"./cordboard destroy --stage {STAGE} --yes")
    led = [number for number, owned in it.laptop.twilio.numbers.items() if owned.voice_url]
    if led or it.laptop.twilio.router.engines:
        raise LaptopError("something of it is still at Twilio")


def _delete(it: Rehearsal) -> None:
    it.run(f"chalice delete --stage {STAGE}")
    if found := it.laptop.aws.client("lambda").list_functions()["Functions"]:
        raise LaptopError(f"still there: {', '.join(function['FunctionName'] for function in found)}")


STEPS: Sequence[Step] = (
    Step("The files are checked. Nothing is sent, and no account is needed.", _check),
    Step(
        "The token is stored, encrypted, in your AWS account; at a terminal it is asked for without an echo.", _secret
    ),
    Step("Before the first change it says what it is to do, and asks; where nobody can answer, it does nothing.", _ask),
    Step("With --yes, or once you have agreed: resources, functions, Twilio; the doctor comes last.", _deploy),
    Step("Whether callers get through can be asked at any time.", _doctor),
    Step("Somebody calls. Everybody with a phone is available, and each answers after a second.", _call),
    Step("Deployed again, nothing is changed: everything is as the files say.", _deploy),
    Step("Taken down: Twilio first. Typed without --yes it asks for the workspace's name.", _destroy),
    Step("Then functions, roles, trigger, schedule and API.", _delete),
)


def main(arguments: Sequence[str] = ()) -> int:
    """Play every step; 0 when each ended as it should, 1 after the step that did not."""
    try:
        team = chosen(arguments[0] if arguments else "")
        with _prepared(team) as rehearsal:
            return play(rehearsal, STEPS)
    except (LaptopError, OpsError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130


def play(rehearsal: Rehearsal, steps: Sequence[Step]) -> int:
    for number, step in enumerate(steps, 1):
        print(f"\n{paint(f'{number} of {len(steps)}', DIM)}  {paint(step.says, BOLD)}", flush=True)
        try:
            step.do(rehearsal)
        except LaptopError as error:
            print(f"\n{paint(f'FAILED at step {number} of {len(steps)}', RED)}: {error}", flush=True)
            return 1
    print(f"\n{LEFT_TO_DO}\n\n{paint(f'all {len(steps)} steps ended as they should', GREEN)}")
    return 0


@contextmanager
def _prepared(team: Team) -> Iterator[Rehearsal]:
    """An empty AWS account, and one at Twilio that has the numbers and nothing else. Raises LaptopError."""
    center = team.center()
    shutil.rmtree(FOLDER, ignore_errors=True)
    root = deployable.copy_to(FOLDER / "project", team)
    with ExitStack() as stack:
        aws = stack.enter_context(local_aws.running(FOLDER / "aws.log"))
        proxy = stack.enter_context(deploy_proxy.running(aws))
        twilio, loop = stack.enter_context(in_real_time(ACCOUNT_SID, AUTH_TOKEN, speech_rate=SPEECH_RATE))
        server = serve(twilio, loop)
        stack.callback(server.stop)
        crm = stack.enter_context(crm_server.running("a-key-of-this-rehearsal"))
        for number in center.numbers():
            loop.call(partial(twilio.own, number))
        here = {"PUBLIC_BASE_URL": proxy.public_url, "TWILIO_API_URL": server.url, "CRM_URL": crm.url}
        stage.write(STAGE, here, root)
        nowhere = call_centre.CallCentre(twilio, center, {}, "", {}, {}, {})
        log = FOLDER / "aws.log"
        laptop = Laptop(aws, twilio, loop, nowhere, crm, Mailbox(), proxy.public_url, server.url, log)
        _introduce(team, here)
        yield Rehearsal(root, laptop, center, _environment(proxy, root, server.url))


def _environment(proxy: Proxy, root: Path, twilio_url: str) -> dict[str, str]:
    plain = {name: value for name, value in deployable.environment(proxy, root).items() if name not in AWAY}
    return {**plain, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_API_URL": twilio_url}


def _introduce(team: Team, here: dict[str, str]) -> None:
    print(f"A rehearsal of the first deployment, with the files of {team.folder}.")
    print("AWS is the local one and Twilio the emulator. With real accounts you would have typed before:")
    print("  $ export AWS_PROFILE=… AWS_DEFAULT_REGION=eu-west-1 TWILIO_ACCOUNT_SID=AC…")
    print(f"and {stage.file_of(STAGE)} would not say where this machine has {', '.join(here)}.", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
