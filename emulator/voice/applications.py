"""The account's applications: URLs that several numbers share, and what a browser's calls are led by (contract 7.5)."""

from dataclasses import dataclass, field, replace

from emulator.ports import Method
from emulator.voice.numbers import Number


@dataclass
class Application:
    """`kept` is what it was told and nothing here reads, by the names of its REST parameters."""

    sid: str
    friendly_name: str
    created: float
    updated: float
    voice_url: str = ""
    voice_method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    status_callback: str = ""
    status_callback_method: Method = "POST"
    kept: dict[str, str] = field(default_factory=dict)

    def leads(self, number: Number) -> Number:
        """The number as its calls find it: with the URLs of this application."""
        return replace(
            number,
            voice_url=self.voice_url,
            voice_method=self.voice_method,
            fallback_url=self.fallback_url,
            fallback_method=self.fallback_method,
            status_callback=self.status_callback,
            status_callback_method=self.status_callback_method,
            application_sid="",
        )
