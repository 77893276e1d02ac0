"""How .venv is filled: what uv is told of pip's settings, and what is said when it cannot be done."""

import pytest

from tools import packages
from tools.packages import SetUpError

PINS = """
idna==3.20 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via requests
uv==0.13.8 \\
    --hash=sha256:cc \\
    --hash=sha256:dd
    # via -r requirements-dev.in
virtualenv==21.0 \\
    --hash=sha256:ee
"""
ANY_INDEX = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


def like_pip(*lines: str, **known: str) -> dict[str, str]:
    return packages.like_pip("\n".join(lines), known)


def test_the_pinned_uv_is_taken_with_its_hashes_and_nothing_else() -> None:
    assert packages.block(PINS, "uv") == "uv==0.13.8 \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd\n"


def test_requirements_without_uv_are_refused() -> None:
    with pytest.raises(SetUpError, match=r"^requirements-dev.txt has no pip with hashes$"):
        packages.block(PINS, "pip")


def test_uv_uses_the_mirror_the_proxy_and_the_certificates_of_pip() -> None:
    assert like_pip(
        "global.index-url='https://mirror.example.com/simple'",
        "global.extra-index-url='https://one.example.com/simple\\nhttps://two.example.com/simple'",
        "global.find-links='/srv/wheels /srv/more'",
        "global.trusted-host='mirror.example.com'",
        "global.cert='/etc/company.pem'",
        "global.proxy='http://proxy.example.com:3128'",
        "global.timeout='60'",
        "global.no-color='true'",
    ) == {
        **ANY_INDEX,
        "UV_DEFAULT_INDEX": "https://mirror.example.com/simple",
        "UV_INDEX": "https://one.example.com/simple https://two.example.com/simple",
        "UV_FIND_LINKS": "/srv/wheels,/srv/more",
        "UV_INSECURE_HOST": "mirror.example.com",
        "SSL_CERT_FILE": "/etc/company.pem",
        "ALL_PROXY": "http://proxy.example.com:3128",
        "UV_HTTP_TIMEOUT": "60",
    }


def test_what_pip_is_told_for_installing_and_by_its_environment_goes_first_as_in_pip() -> None:
    lines = (
        ":env:.index-url='https://environment'",
        "install.index-url='https://install'",
        "install.cert='/install.pem'",
        "global.index-url='https://global'",
        "global.cert='/global.pem'",
        "download.proxy='http://other'",
    )
    assert like_pip(*lines) == {**ANY_INDEX, "UV_DEFAULT_INDEX": "https://environment", "SSL_CERT_FILE": "/install.pem"}


def test_what_the_environment_tells_uv_itself_stays() -> None:
    lines = ("global.index-url='https://of-pip'", "global.proxy='http://of-pip'")
    known = {"UV_INDEX_URL": "https://of-uv", "https_proxy": "http://of-both", "UV_INDEX_STRATEGY": "first-index"}
    assert like_pip(*lines, **known) == {}


@pytest.mark.parametrize(
    "said",
    [
        "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(…)': /simple/uv/",
        "error: Failed to fetch: `https://example.com/simple/twilio/`\n  Caused by: dns error",
        "ERROR: Could not find a version that satisfies the requirement uv==0.13.8 (from versions: none)",
    ],
)
def test_no_network_is_one_sentence(said: str) -> None:
    reason = packages.reason("fetching uv", said)
    assert reason.startswith("fetching uv failed: no package index that has it can be reached.")
    assert "\n" not in reason


def test_a_file_that_is_not_the_pinned_one_is_said_to_be_that() -> None:
    said = "Looking in indexes\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n  Got 00"
    assert packages.reason("fetching uv", said).endswith("a file is not the one that was pinned, and not installed.")


def test_another_failure_is_shown_with_its_last_lines_and_no_password() -> None:
    said = "\n".join([*(f"line {number}" for number in range(40)), "error: https://ann:secret@example.com/x is broken"])
    reason = packages.reason("installing", said)
    assert "line 39" in reason
    assert "line 5\n" not in reason
    assert "https://***@example.com/x is broken\ninstalling failed, see above." in reason


def test_a_certificate_that_is_not_trusted_is_a_sentence_that_says_what_mends_it() -> None:
    reason = packages.reason("installing", "error: Failed to fetch\n  invalid peer certificate: UnknownIssuer")
    assert reason.startswith("installing failed: the certificate of the package index is not trusted.")
    assert "UV_SYSTEM_CERTS=1" in reason
