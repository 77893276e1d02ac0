"""The stage's variables, read once into a typed value."""

import os
from collections.abc import Mapping
from functools import cache

import msgspec

from chalicelib.config import team

AFTER_CALL = "-after-call"  # the end of the name of the queue of after-call work; before it stands the other one's


class Settings(msgspec.Struct, frozen=True):
    """The stage's configuration. Sids are Twilio's; an empty string means not set."""

    links_table: str
    jobs_queue_url: str
    account_sid: str
    workspace_sid: str
    workflow_sid: str
    stage: str = ""
    contacts_table: str = ""
    mail_topic_arn: str = ""  # of the SNS topic that mails go to; empty while nobody is subscribed
    messages_bucket: str = ""
    user_pool_arn: str = ""  # of who sign in to the console; empty in a stage without one
    console_client: str = ""  # the console's, as this pool knows it
    sign_in_url: str = ""  # where the pool's sign-in form is, without a slash at the end
    crm_url: str = ""
    secret_parameter: str = ""
    public_base_url: str = ""
    twilio_api_url: str = ""  # where Twilio is imitated; empty: Twilio itself
    region: str = ""  # AWS's, as Lambda tells it
    activities: Mapping[str, str] = {}  # friendly name -> WA sid
    task_queues: Mapping[str, str] = {}  # friendly name -> WQ sid

    @property
    def after_call_queue_url(self) -> str:
        return self.jobs_queue_url + AFTER_CALL

    @property
    def has_console(self) -> bool:
        """Whether the stage has a wallboard to be fed."""
        return bool(self.user_pool_arn)

    def activity_sid(self, name: str) -> str:
        """The sid of the activity of this friendly name; empty for an empty or unknown name."""
        return self.activities.get(name, "")

    def task_queue_name(self, sid: str) -> str:
        """The friendly name of this task queue; empty for an unknown sid."""
        return next((name for name, known in self.task_queues.items() if known == sid), "")


class SettingsError(Exception):
    """A variable of the environment is missing or malformed; the text names it."""


def load(environment: Mapping[str, str]) -> Settings:
    """Settings of this environment. Raises SettingsError that names the variable."""
    return Settings(
        links_table=_required(environment, "LINKS_TABLE"),
        jobs_queue_url=_required(environment, "JOBS_QUEUE_URL"),
        account_sid=_required(environment, "TWILIO_ACCOUNT_SID"),
        workspace_sid=_required(environment, "TWILIO_WORKSPACE_SID"),
        workflow_sid=_required(environment, "TWILIO_WORKFLOW_SID"),
        stage=environment.get("STAGE", ""),
        contacts_table=environment.get("CONTACTS_TABLE", ""),
        mail_topic_arn=environment.get("MAIL_TOPIC_ARN", ""),
        messages_bucket=environment.get("MESSAGES_BUCKET", ""),
        user_pool_arn=environment.get("USER_POOL_ARN", ""),
        console_client=environment.get("CONSOLE_CLIENT", ""),
        sign_in_url=environment.get("SIGN_IN_URL", "").rstrip("/"),
        crm_url=environment.get("CRM_URL", ""),
        secret_parameter=environment.get("TWILIO_SECRET_PARAMETER", ""),
        public_base_url=environment.get("PUBLIC_BASE_URL", "").rstrip("/"),
        twilio_api_url=environment.get("TWILIO_API_URL", "").rstrip("/"),
        region=environment.get("AWS_REGION", ""),
        activities=_names(environment, "TWILIO_ACTIVITIES"),
        task_queues=_names(environment, "TWILIO_TASK_QUEUES"),
    )


@cache
def current() -> Settings:
    """This process's settings."""
    return load(variables())


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment, and beneath it the team's `<stage>.json`, which has what the environment has not or has empty.

    The stage is the environment's STAGE; without it, or without the file, there is only the environment. Raises
    SettingsError.
    """
    stage = environment.get("STAGE", "")
    text = team.read(f"{stage}.json") if stage else None
    return over(environment, parse(text, f"{stage}.json") if text else {})


def over(upper: Mapping[str, str], lower: Mapping[str, str]) -> dict[str, str]:
    """The variables of both. Where both have one, it is the upper's, unless that is empty."""
    return {**lower, **{name: value for name, value in upper.items() if value or name not in lower}}


def parse(text: str, file: str) -> dict[str, str]:
    """The variables of a `<stage>.json`; what is an object there is JSON in a variable. Raises SettingsError."""
    try:
        read = msgspec.json.decode(text, type=dict[str, str | dict[str, str]])
    except msgspec.DecodeError as error:
        raise SettingsError(f"chalicelib/team/{file} must be a JSON object of variables: {error}") from error
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in read.items()
    }


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value


def _names(environment: Mapping[str, str], name: str) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(environment.get(name) or "{}", type=dict[str, str])
    except msgspec.DecodeError as error:
        raise SettingsError(f"{name} must be a JSON object of friendly names to sids: {error}") from error
