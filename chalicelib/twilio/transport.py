"""The HTTP client beneath Twilio's own, with the limits of whoever asks."""

from typing import Any
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from urllib3 import Retry


class _OneHostClient(TwilioHttpClient):  # type: ignore[misc]  # Twilio's client carries no types
    """Sends every request to `api_url`, whichever of Twilio's hosts it is for."""

    def __init__(self, api_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._api_url = api_url
        if self.session is not None:
            self.session.mount("http://", self.session.get_adapter("https://"))  # with the same retries

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        here = url.replace(f"{parts.scheme}://{parts.netloc}", self._api_url, 1)
        return super().request(method, here, *args, **kwargs)


def http_client(api_url: str, timeout: float, retry: Retry) -> Any:
    """Twilio's HTTP client with this timeout, in seconds; with an `api_url` every request goes to that host instead."""
    options = {"timeout": timeout, "max_retries": retry}
    return _OneHostClient(api_url, **options) if api_url else TwilioHttpClient(**options)
