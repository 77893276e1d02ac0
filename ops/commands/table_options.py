"""What the commands about calls have in common: which table they read, and what they know of the call centre."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

import click

from chalicelib.config import callcenter, schema
from chalicelib.config.schema import CallCenter
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.hours.calendar import Calendar
from chalicelib.observability.masking import mask
from chalicelib.reports.elsewhere import Where
from ops import records, stage
from ops.aws import client
from ops.callcenter import zones
from ops.commands.cli import stage_option
from ops.errors import FilesError, OpsError, UsageError
from ops.project import Project
from ops.records import Records
from ops.staff import Staff, unknown


@dataclass(frozen=True)
class Table:
    """The table of calls that was asked for, and the stage that it is of."""

    stage: str
    given: str = ""
    numbers: bool = False  # print phone numbers in full

    def now(self) -> float:
        return time.time()

    def shown(self, text: str) -> str:
        """The text as it may be printed."""
        return text if self.numbers else mask(text)

    def name(self) -> str:
        """The table that was given, else the one that the environment names, else the stage's. Raises OpsError."""
        variables = stage.read(self.stage)
        name = self.given or os.environ.get("LINKS_TABLE") or variables.get("LINKS_TABLE", "")
        if not name:
            raise OpsError(f"LINKS_TABLE of stage {self.stage} is not set in .chalice/config.json: give --table")
        return name

    def bucket(self) -> str:
        """The bucket of messages and recorded talks. Raises OpsError."""
        name = os.environ.get("MESSAGES_BUCKET") or stage.read(self.stage).get("MESSAGES_BUCKET", "")
        if not name:
            raise OpsError(f"MESSAGES_BUCKET of stage {self.stage} is not set: `./cordboard deploy` writes it")
        return name

    def where(self) -> Where | None:
        """Where the stage is at Twilio and in AWS; None where Twilio is imitated."""
        variables = stage.read(self.stage)
        if os.environ.get("TWILIO_API_URL") or variables.get("TWILIO_API_URL"):
            return None
        workspace_sid = os.environ.get("TWILIO_WORKSPACE_SID") or variables["TWILIO_WORKSPACE_SID"]
        return Where(workspace_sid, self.stage, client.region())

    def records(self) -> Records:
        return Records(self.name())

    def staff(self) -> Staff:
        """The workers of the stage's workspace. Raises OpsError."""
        workspace_sid = os.environ.get("TWILIO_WORKSPACE_SID") or stage.read(self.stage)["TWILIO_WORKSPACE_SID"]
        return Staff(Project(self.stage).client(), workspace_sid)

    def zone(self) -> ZoneInfo:
        """The time zone of the team's file."""
        center = _center()
        return ZoneInfo(center.time_zone if center and zones.is_known(center.time_zone) else zones.UTC)

    def calendar(self) -> Calendar:
        """Of the team's zone, for times that people write."""
        return Calendar(schema.NO_HOURS, self.zone())

    def clock(self, moment: float) -> str:
        """A moment as the team's zone has it; empty for none."""
        return datetime.fromtimestamp(moment, self.zone()).strftime("%Y-%m-%d %H:%M") if moment else ""

    def days(self, count: int) -> tuple[float, float]:
        """From when until when so many days of the team's time zone are, of which today is the last."""
        zone = self.zone()
        today = records.day_of(self.now(), zone)
        return records.began(today - timedelta(days=count - 1), zone), records.span(today, zone)[1]

    def center(self) -> CallCenter:
        """The team's call centre. Raises FilesError."""
        try:
            return callcenter.current()
        except CallCenterError as error:
            raise FilesError(str(error)) from error

    def own_numbers(self) -> tuple[str, ...]:
        center = _center()
        return center.own_numbers() if center else ()

    def check_line(self, name: str) -> None:
        """Raises UsageError when there is no line or simple queue of this name."""
        center = _center()
        known = [*center.lines, *center.simple_queues] if center else [name]
        if name not in known:
            raise UsageError(unknown("line", name, known))

    def day(self, text: str, zone: ZoneInfo | None = None) -> date:
        """The day that is meant, of the team's time zone if of no other. Raises UsageError."""
        zone = zone or self.zone()
        today = records.day_of(self.now(), zone)
        words = {"today": today, "yesterday": today - timedelta(days=1)}
        try:
            day = words.get(text) or datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            raise UsageError(f"{text!r} is no day: YYYY-MM-DD, today or yesterday") from None
        if day > today:
            raise UsageError(f"{day.isoformat()} is yet to come: today it is {today.isoformat()} in {zone.key}")
        return day


def _center() -> CallCenter | None:
    """The team's call centre; None where this checkout has none, or a wrong one: the table can be read all the same."""
    try:
        return callcenter.parse(callcenter.source())
    except CallCenterError:
        return None


def table_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options --stage, --table, --endpoint-url and --numbers; the function gets `at`, a Table."""

    @stage_option
    @click.option("--numbers", is_flag=True, help="Print phone numbers in full.")
    @click.option("--table", default="", help="The table itself, in place of the stage's.")
    @click.option(
        "--endpoint-url", default="", help="Where DynamoDB answers, in place of AWS_ENDPOINT_URL and AWS itself."
    )
    @wraps(function)
    def with_table(*, stage: str, table: str, endpoint_url: str, numbers: bool, **given: Any) -> Any:
        if endpoint_url:
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = endpoint_url  # the one variable that beats all others
        return function(at=Table(stage, table, numbers), **given)

    return with_table
