"""The languages that Amazon Transcribe makes texts of, as AWS' own library lists them."""

from collections.abc import Iterator
from difflib import get_close_matches

from botocore.session import get_session

from chalicelib.config.callcenter import Treatment
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.files import Center


def unknown(center: Center) -> Iterator[Mistake]:
    """A line whose messages Amazon is to transcribe, in a language that it does not have."""
    named: dict[str, Treatment] = {f"lines.{name}": line for name, line in center.application.lines.items()}
    named |= {f"simple_queues.{name}": queue for name, queue in center.application.simple_queues.items()}
    for key, treatment in named.items():
        if treatment.voicemail.transcribe == "amazon" and treatment.language not in (known := _languages()):
            near = ", ".join(get_close_matches(treatment.language, known, n=8, cutoff=0.3)) or ", ".join(known)
            wanted = f'one of those that Amazon transcribes, where voicemail.transcribe = "amazon": {near}'
            yield sentence(f"{key}.language", treatment.language, wanted)


def _languages() -> list[str]:
    return sorted(get_session().get_service_model("transcribe").shape_for("LanguageCode").enum)
