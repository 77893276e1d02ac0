"""The doctor on the staff's numbers: whether their texts can go out, and how far the rota goes."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from chalicelib.staff.rota import FILE, Packaged, Shift
from ops.callcenter.files import TEAM, Center
from ops.doctor import twilio
from ops.doctor.check import Finding, StageUnderTest
from tests.ops.files import WORKERS, center

NOW = 1_800_000_000.0
DAY = 86400


def staffed(*numbers: str, workers: str = WORKERS) -> Center:
    listed = ", ".join(f'"{number}"' for number in numbers)
    return center(("[workspace]", f"[staff]\nnumbers = [{listed}]\n[workspace]"), workers=workers)


def stage(tmp_path: Path, files: Center, services: Sequence[str], made: Packaged, *, sms: bool = True) -> Any:
    """A stage whose account owns every number, these of them in a messaging service."""
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"stages": {"test": {}}}')
    (tmp_path / TEAM).mkdir(parents=True)
    (tmp_path / TEAM / FILE).write_bytes(msgspec.json.encode(made))

    def owned(phone_number: str, page_size: int) -> list[Any]:
        return [SimpleNamespace(phone_number=phone_number, capabilities={"voice": True, "sms": sms})]

    class Services:
        def list(self) -> list[Any]:
            return [SimpleNamespace(sid="MG1")]

        def __call__(self, _sid: str) -> Any:
            senders = [SimpleNamespace(phone_number=number) for number in services]
            return SimpleNamespace(phone_numbers=SimpleNamespace(list=lambda: senders))

    client = SimpleNamespace(
        incoming_phone_numbers=SimpleNamespace(list=owned),
        messaging=SimpleNamespace(v1=SimpleNamespace(services=Services())),
    )
    from ops.project import Project

    return StageUnderTest(Project("test", tmp_path), cast(Any, client), files, NOW)


@pytest.mark.parametrize(
    ("number", "services", "sms", "why"),
    [
        ("+14155550105", (), True, "a US number in no messaging service: without an A2P 10DLC campaign its texts fail (30034)"),
        ("+14155550105", ("+14155550105",), True, "can be sent"),
        ("+18005550105", (), True, "toll-free: until it is verified with Twilio carriers drop its texts (30032)"),
        ("+4930901820", (), True, "can be sent"),
        ("+4930901820", (), False, "this number takes no texts"),
    ],
)  # fmt: skip
def test_what_a_number_shows(tmp_path: Path, number: str, services: Sequence[str], sms: bool, why: str) -> None:
    (found,) = twilio.texts(stage(tmp_path, staffed(number), services, Packaged(), sms=sms))
    assert (found.check, found.why) == (f"texts of {number}", why)
    assert found.verdict == ("pass" if why == "can be sent" else "warning")


def test_without_staff_nothing_is_looked_up() -> None:
    nobody = cast(StageUnderTest, SimpleNamespace(center=center()))
    assert list(twilio.texts(nobody)) == []


def test_a_rota_that_ends_soon_and_a_pin_that_is_not_packaged(tmp_path: Path) -> None:
    made = Packaged(shifts=(Shift("Bea", 1, 2),), until=int(NOW) + 9 * DAY)
    people = WORKERS.replace('contact_uri = "client:dora"', 'contact_uri = "client:dora"\npin = "4711"')
    found: list[Finding] = list(twilio.texts(stage(tmp_path, staffed("+4930901820", workers=people), (), made)))
    assert [one.why for one in found[1:]] == [
        "no PIN is packaged of Dora",
        "nobody knows the shifts after 2027-01-24",
    ]
