"""Why a command ends otherwise than it should, and the exit codes that every command keeps."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with. `meaning` is what a person reads in `cordboard --help`."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    DONE = 0, "done; nothing differs, nothing is wrong"
    FAILED = 1, "failed: the files are wrong, AWS or Twilio or whoever was asked said no, or the doctor found a failure"
    USAGE = 2, "usage: an unknown option or stage, a value that cannot be meant, or a question and no terminal"
    DIFFERS = 3, "differs: `plan` found a difference, or `apply` left one for a person"


class OpsError(Exception):
    """The command cannot be done. The text is for the operator: what is wrong and what to do, without a secret."""

    exit_code = ExitCode.FAILED


class UsageError(OpsError):
    """The command is wrong as it was given."""

    exit_code = ExitCode.USAGE


class NobodyToAsk(UsageError):
    """A question has to be answered, and there is no terminal at which somebody could."""


class Declined(OpsError):
    """The person who was asked said no, or left: nothing was changed."""


class NoStage(UsageError):
    """There is no such stage, and the text says which there are."""


class SecretRefused(UsageError):
    """A value cannot be part of the secret, or the option does not fit the secret; the text never holds a value."""


class StageError(OpsError):
    """What a stage has in .chalice/config.json or in the team's <stage>.json is wrong, or cannot be read."""


class FilesError(OpsError):
    """callcenter.toml or workers.toml is wrong: one line a mistake, with file, key, value and what is allowed."""


class TwilioError(OpsError):
    """Twilio cannot be asked, or refuses. `status` is HTTP's, 0 without an answer; `code` is Twilio's own, 0 without
    one (contract 7.6)."""

    def __init__(self, sentence: str, status: int = 0, code: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


class AwsError(OpsError):
    """AWS cannot be asked, or refuses."""


class NoAccess(AwsError):
    """Nobody is signed in to AWS, or AWS is out of reach."""


class Stopped(OpsError):
    """A step of a deployment failed, and those after it were not tried. `step` is its name; the text says why."""

    def __init__(self, step: str, error: OpsError) -> None:
        super().__init__(str(error))
        self.step = step
        self.exit_code = error.exit_code
