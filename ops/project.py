"""A stage of a checkout: its files, its account at Twilio and its URL, and what is done with the three together."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from msgspec import DecodeError
from msgspec.json import encode
from msgspec.structs import replace
from twilio.rest import Client

from chalicelib.config.toml_errors import CallCenterError
from chalicelib.staff.rota import FILE, Packaged, read
from ops import lambda_functions, stage, twilio
from ops.aws import secret
from ops.aws.former import FormerNumbers
from ops.callcenter import check, destroy, files, giving_back, ics, plan, staff_file
from ops.callcenter.apply import OnStep, Outcome, apply, ignore
from ops.callcenter.files import Center
from ops.callcenter.giving_back import Lead
from ops.callcenter.model import Step
from ops.callcenter.plan import Loss
from ops.callcenter.rota import ROTA
from ops.callcenter.state import actual, desired
from ops.errors import FilesError, OpsError
from ops.program import command
from ops.stage import ROOT


@dataclass(frozen=True)
class Project:
    """`root` is the checkout's folder; `url` the application's, in place of the stage's. Raises NoStage and
    StageError when made."""

    stage: str
    root: Path = ROOT
    url: str = ""

    def __post_init__(self) -> None:
        stage.read(self.stage, self.root)

    def files(self) -> Center:
        """The call centre of the files, each value alone right. Raises FilesError with every one that is not."""
        with _as_files_error():
            return self._of_stage(files.of_checkout(self.root))

    def checked_files(self) -> Center:
        """The call centre of the files, which can be applied. Raises FilesError with every mistake, a line each."""
        with _as_files_error():
            texts = files.texts(self.root)
        if found := check.mistakes(texts):
            raise FilesError("\n".join(found))
        return self._of_stage(files.parse(*texts))

    def check_functions(self) -> None:
        """Raises FilesError with everything that `.chalice/config.json` lacks of the stage's functions."""
        if found := lambda_functions.mistakes(self.stage, self.root):
            raise FilesError("\n".join(found))

    def _of_stage(self, center: Center) -> Center:
        return replace(center, has_console=bool(stage.read(self.stage, self.root).get("USER_POOL_ARN")))

    def packaged(self) -> Packaged:
        """What was made of rota and PINs; empty when nothing was, or it cannot be read."""
        file = self.root / files.TEAM / FILE
        try:
            return read(file.read_text(encoding="utf-8")) if file.exists() else Packaged()
        except (OSError, DecodeError):
            return Packaged()

    def make_staff_file(self, center: Center, now: datetime) -> Packaged:
        """Write what the package is to hold of rota and PINs, where there is any. Raises FilesError."""
        calendar, rules_file = self.root / ics.ICS, self.root / ROTA
        content = calendar.read_bytes() if calendar.exists() else None
        rules = rules_file.read_text(encoding="utf-8") if rules_file.exists() else None
        kept, file = self.packaged(), self.root / files.TEAM / FILE
        made = staff_file.made(center, content, kept, now, rules)
        if staff_file.is_as_good(kept, made, now):
            return kept
        people = made.pins or made.extensions or made.desks or center.application.staff.is_on
        if made.shifts or people or file.exists() or center.rota:
            file.write_bytes(encode(made) + b"\n")
        return made

    def client(self) -> Client:
        """The client of the stage's account. Raises OpsError."""
        variables = stage.read(self.stage, self.root)
        return twilio.of_stage(self.stage, variables, lambda: secret.credentials(self.stage, self.root))

    def base_url(self) -> str:
        """Where Twilio reaches the application, without a slash at its end; empty before the first deploy."""
        return self.url.rstrip("/") or stage.base_url(self.stage, self.root)

    @cached_property
    def former_numbers(self) -> FormerNumbers:
        """Where the stage's numbers led before it took them over."""
        return FormerNumbers(self.stage)

    def plan(self, center: Center, prune: bool = False) -> tuple[Step, ...]:
        """What differs between these files and Twilio. Raises OpsError."""
        return plan.plan(desired(center, self.deployed_url()), actual(self.client(), center), prune)

    def plan_before_deployed(self, center: Center) -> tuple[Step, ...]:
        """What will differ, whether the application has its URL yet or not. Raises OpsError."""
        return plan.plan(desired(center, self.base_url()), actual(self.client(), center))

    def apply(
        self,
        center: Center,
        prune: bool = False,
        agreed: Collection[Loss] | None = None,
        on_step: OnStep = ignore,
    ) -> Outcome:
        """Make Twilio what these files say, and write the sids to the stage's configuration.

        `agreed` is what somebody has agreed to lose; None when nobody was asked. Raises OpsError.
        """
        client, url, former = self.client(), self.deployed_url(), self.former_numbers
        outcome = apply(client, center, url, former, prune=prune, agreed=agreed, on_step=on_step)
        stage.write(self.stage, outcome.environment, self.root)
        return outcome

    def plan_destroy(self, center: Center, prune: bool = False) -> tuple[Step, ...]:
        """What `destroy` is to do. Raises OpsError."""
        return destroy.plan(self.client(), center, self.base_url(), self.former_numbers, prune)

    def destroy(self, center: Center, steps: tuple[Step, ...], on_step: OnStep = ignore) -> None:
        """Take these steps, and clear the sids in the stage's configuration. Raises OpsError."""
        former = self.former_numbers
        cleared = destroy.do(self.client(), center, steps, api_url=self.base_url(), former=former, on_step=on_step)
        stage.write(self.stage, cleared, self.root)

    def leads(self) -> list[Lead]:
        """Where the numbers of the files lead, and those that the stage has taken over. Raises OpsError."""
        kept = {former.number: former for former in self.former_numbers.all()}
        client, url = self.client(), self.base_url()
        return [
            giving_back.lead(client, number, url, kept.get(number))
            for number in dict.fromkeys((*self.files().numbers(), *kept))
        ]

    def plan_giving_back(self, numbers: Iterable[str]) -> tuple[Step, ...]:
        """What gives these numbers back. Raises OpsError."""
        return giving_back.plan(self.client(), numbers, self.base_url(), self.former_numbers.all())

    def give_back(self, step: Step) -> None:
        """Take one of these steps. Raises OpsError."""
        giving_back.do(self.client(), step, self.base_url(), self.former_numbers)

    def deployed_url(self) -> str:
        """Where Twilio reaches the application. Raises OpsError before the first deploy."""
        if url := self.base_url():
            return url
        raise OpsError(
            f"stage {self.stage} has no URL yet: run `{command('deploy --stage', self.stage)}` first, or give --api-url"
        )


@contextmanager
def _as_files_error() -> Iterator[None]:
    try:
        yield
    except CallCenterError as error:
        raise FilesError(str(error)) from error
