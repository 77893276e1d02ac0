"""Which requests may use the emulator's own paths: those of this machine, not those of another site's page."""

import pytest

from emulator.http.origins import foreign

HERE = "127.0.0.1:8282"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HERE},  # curl
        {},  # HTTP/1.0
        {"host": "localhost:9000"},  # by a tunnel of one's own
        {"host": "[::1]:8282", "origin": "http://[::1]:8282", "sec-fetch-site": "same-origin"},
        {"host": HERE, "origin": f"http://{HERE}", "sec-fetch-site": "same-origin"},
        {"host": HERE, "sec-fetch-site": "none"},
    ],
)
def test_this_machine_may(headers: dict[str, str]) -> None:
    assert foreign(headers, changes=True) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HERE, "origin": "https://evil.example"},
        {"host": HERE, "origin": "null"},
        {"host": HERE, "origin": ""},
        {"host": HERE, "origin": "http://127.0.0.1:3000"},
        {"host": HERE, "origin": "http://localhost:8282"},
        {"host": HERE, "origin": f"https://{HERE}"},
        {"host": HERE, "sec-fetch-site": "cross-site"},
        {"host": HERE, "sec-fetch-site": "same-site"},
        {"host": "", "origin": "http://evil.example"},
    ],
)
def test_a_page_of_another_site_may_look_but_change_nothing(headers: dict[str, str]) -> None:
    assert "may not do this" in foreign(headers, changes=True)
    assert foreign(headers, changes=False) == ""


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8282", "127.0.0.1.evil.example", "localhost@evil.example", "[", "10.0.0.1"]
)
@pytest.mark.parametrize("changes", [True, False])
def test_a_name_that_is_not_this_machines_is_refused_whatever_it_leads_to(host: str, changes: bool) -> None:
    """DNS rebinding: the browser believes that the page's own site answers, and says its name."""
    assert "is no name of this machine" in foreign({"host": host, "origin": f"http://{host}"}, changes=changes)
