"""How the operator's commands are pointed at the laptop: a checkout with its files, and what has to be exported."""

import json
import shlex
import shutil
from pathlib import Path

from laptop import call_centre, environment, local_aws, package
from laptop.environment import Laptop
from laptop.package import BUILD, STAGE
from laptop.teams import Team
from ops import stage
from ops.callcenter.files import WORKERS

CHECKOUT = BUILD / "operator"
ROOT_VARIABLE = "CORDBOARD_ROOT"
OF_THE_CONSOLE = ("USER_POOL_ARN", "CONSOLE_CLIENT")
IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET")


def prepare(laptop: Laptop, team: Team, checkout: Path = CHECKOUT) -> Path:
    """The checkout whose stage `local` is what runs on this machine."""
    package.copy_project(checkout, team.folder)
    (checkout / WORKERS).unlink(missing_ok=True)
    if team.workers.exists():
        shutil.copy(team.workers, checkout / WORKERS)
    config = checkout / ".chalice" / "config.json"
    stages = json.loads(config.read_text(encoding="utf-8"))
    stages["stages"][STAGE]["environment_variables"] |= environment.places(laptop)
    config.write_text(json.dumps(stages, indent=2), encoding="utf-8")
    made = {"JOBS_QUEUE_URL": package.queue_url(laptop.aws), "MESSAGES_BUCKET": package.bucket(laptop.aws)}
    if laptop.has_console:
        made |= {name: package.variable(laptop.aws, name) for name in OF_THE_CONSOLE}
    stage.write(STAGE, {**laptop.call_centre.environment, **made, **local_aws.OF_THE_ACCOUNT}, checkout)
    return checkout


def lines(laptop: Laptop, checkout: Path = CHECKOUT) -> list[str]:
    """What somebody types in a shell so that the operator's commands mean the laptop. All of it is local."""
    aws = {"AWS_ENDPOINT_URL": laptop.aws.url, **local_aws.CREDENTIALS}
    twilio = {
        "TWILIO_API_URL": laptop.twilio_url,
        "TWILIO_ACCOUNT_SID": call_centre.ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": call_centre.AUTH_TOKEN,
    }
    exported = {**aws, **twilio, ROOT_VARIABLE: str(checkout)}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in exported.items()]
    return [*exports, f"unset {' '.join(IN_THE_WAY)}"]
