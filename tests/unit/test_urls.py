"""Every route is written once: what app.py answers, what Twilio is given, and what a URL of ours leads back to."""

import pytest

from chalicelib.twilio import urls
from tests.support.api_gateway import BASE

PARAMETERS = {
    "trail": "main.1s",
    "total": "3",
    "line": "1",
    "attempt": "2",
    "subject": "CA" + "a" * 32,
    "reservation_sid": "WR" + "b" * 32,
    "token": "0" * 32,
    "number": "own",
    "since": "1795230000",
    "caller": "-",
    "digit": "4",
    "extension": "21",
    "position": "3",
    "minutes": "0",
    "worker": "WK" + "a" * 32,
    "recording": "RE" + "c" * 32,
    "file": "console.js",
}


@pytest.mark.usefixtures("environment")
def test_app_answers_every_route_by_its_methods_and_no_other() -> None:
    import app

    answered = {(path, method) for path, methods in app.app.routes.items() for method in methods}
    ours = [route for route in urls.ROUTES if not route.of_console]  # this stage has no user pool
    assert answered == {(route.path, method) for route in ours for method in route.methods}
    assert len({route.path for route in urls.ROUTES}) == len(urls.ROUTES)


def test_each_route_stands_in_the_list() -> None:
    assert {route for route in vars(urls).values() if isinstance(route, urls.Route)} == set(urls.ROUTES)


def test_a_url_that_twilio_is_given_has_the_connection_overrides() -> None:
    assert urls.MENU.url(BASE, attempt="2") == f"{BASE}/voice/menu/2#rc=2&rp=all"


@pytest.mark.parametrize("route", urls.ROUTES, ids=lambda route: route.path)
def test_a_url_leads_back_to_its_route(route: urls.Route) -> None:
    found = urls.find(route.url(BASE, **PARAMETERS))
    assert found is not None and found[0] is route
    assert found[1] == {name: value for name, value in PARAMETERS.items() if f"{{{name}}}" in route.path}


@pytest.mark.parametrize(
    "url", ["", BASE, f"{BASE}/voice/", f"{BASE}/voice/menu/", "https://example.com/x", "not a url"]
)
def test_somebody_elses_url_leads_nowhere(url: str) -> None:
    assert urls.find(url) is None


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("", ""),
        ("?language=de", "de"),
        ("?language=en-US#rc=2&rp=all", "en-US"),
        ("?lang=de", ""),
        ("?spoken=de", ""),
        ("?language=d3", ""),
        ("?language=de&x=1", ""),
        ("#?language=de", ""),
    ],
)
def test_a_url_says_the_callers_language_and_nothing_else(query: str, language: str) -> None:
    assert urls.language_of(f"{BASE}{query}") == language


@pytest.mark.parametrize(
    ("language", "query"), [("de", "?language=de"), ("en-US", "?language=en-US"), ("d3", ""), ("", ""), (7, "")]
)
def test_a_base_url_takes_on_what_is_the_name_of_a_language(language: object, query: str) -> None:
    assert urls.in_language(BASE, language) == f"{BASE}{query}"


def test_the_latest_language_counts() -> None:
    assert urls.in_language(f"{BASE}?language=fr", "de") == f"{BASE}?language=de"


def test_a_query_does_not_count() -> None:
    assert urls.find(f"{BASE}/voice/wait?QueueTime=3#rc=2") == (urls.WAIT, {})
