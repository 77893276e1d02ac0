"""`(contract 4.3)` means a section of docs/twilio: every number that is cited is there, and there once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.no_team import upstreams

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "docs" / "twilio"
INDEX = CONTRACT / "README.md"
PAGES = sorted(set(CONTRACT.glob("*.md")) - {INDEX})
EMULATOR_PAGES = sorted((CONTRACT / "emulator").glob("*.md"))
CITING = (".md", ".py", ".toml", ".yaml")

NUMBER = r"\d+(?:\.\d+)*"
GAP = r"(?: |\n[ \t]*(?:# )?)"  # a citation may go on in the next line, of a comment too
CITATION = re.compile(rf"\bcontract{GAP}({NUMBER}(?:(?:,|,? and|,? or| to){GAP}{NUMBER})*)", re.IGNORECASE)


def cited(text: str) -> list[str]:
    """The numbers in "(contract 6)", "contract 1.2, 4.1 and 6", "contract 4 to 7"; of a range its two ends."""
    return [number for found in CITATION.findall(text) for number in re.findall(NUMBER, found)]


def cited_by_rows(text: str) -> list[str]:
    """The numbers in the first cells of a page of the emulator's rows: `| 4.2, 12 not 200 | …`. Codes are longer."""
    cells = re.findall(r"^\|([^|]*)\|", text, flags=re.MULTILINE)
    return [number for cell in cells for number in re.findall(r"(?<![\d.])\d{1,2}(?:\.\d{1,2})?(?![\d.])", cell)]


def sections(text: str) -> list[str]:
    """The numbers of a page's headings: `## 4.3 Instructions`."""
    return re.findall(rf"^#+ ({NUMBER}) ", text, flags=re.MULTILINE)


def rows(text: str) -> list[str]:
    """The numbers of a page's numbered rows: `| 10.9 | …`."""
    return re.findall(r"^\| (\d+\.\d+) \|", text, flags=re.MULTILINE)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def defined() -> list[str]:
    return [number for page in PAGES for number in [*sections(read(page)), *rows(read(page))]]


def missing(numbers: list[str]) -> list[str]:
    known = set(defined())
    return [number for number in numbers if number not in known]


def citing_files() -> Iterator[Path]:
    """What people wrote: not what tools leave in hidden folders, and not this file, whose examples are wrong."""
    for entry in ROOT.iterdir():
        inside = entry.rglob("*") if entry.is_dir() and not entry.name.startswith(".") else [entry]
        yield from (path for path in inside if path.suffix in CITING or path.name == "Makefile")


FILES = upstreams(path for path in citing_files() if path.is_file() and path != Path(__file__))


def indexed() -> dict[str, str]:
    """Number and page of each row of the overview's index."""
    return dict(re.findall(rf"^\| ({NUMBER})[^|]*\|[^|]*\| \[[^]]*\]\(([^)]*)\) \|$", read(INDEX), flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("events (contract 6). Twice", ["6"]),
        ("Contract 7.6: the codes", ["7.6"]),
        ("(contract 1.2, 4.1, 6), strangers do not", ["1.2", "4.1", "6"]),
        ("contract 4 to 7", ["4", "7"]),
        ("contract 1.4, 3.1 to 3.3.", ["1.4", "3.1", "3.3"]),
        ("(contract 7.5 and the published schemas)", ["7.5"]),
        ("contract 12 and 13, or 3.1, or 10.9", ["12", "13", "3.1", "10.9"]),
        ("    # the queue (contract\n    # 13.5)", ["13.5"]),
        ("the contract\n4.5 says", ["4.5"]),
        ("a contract of 12 months; the contracts 3", []),
    ],
)
def test_a_citation_names_its_numbers(text: str, numbers: list[str]) -> None:
    assert cited(text) == numbers


def test_a_row_of_the_emulator_names_its_numbers() -> None:
    table = "| contract | what |\n|---|---|\n| 4.2, 12 not 200 | 3 |\n| 7.6 20429, 20003 | |\n| also | |\n| 10.1 | |\n"
    assert cited_by_rows(table) == ["4.2", "12", "7.6", "10.1"]


def test_a_number_that_is_not_there_is_noticed() -> None:
    assert missing(cited("contract 4.3, 4.9 and 19; 99")) == ["4.9", "19"]
    assert missing(cited_by_rows("| 7.5 paging | |\n| 7.99 paging | |")) == ["7.99"]


def test_a_page_has_the_numbers_of_its_headings_and_rows() -> None:
    page = "# 10 Surprises\n\n## 10.1 One\n\n### Its part\n\n| row | what |\n|---|---|\n| 10.2 | 10.3 |\n| 14 | x |\n"
    assert (sections(page), rows(page)) == (["10", "10.1"], ["10.2"])


def test_every_number_that_is_cited_is_in_the_contract() -> None:
    wrong = {path.relative_to(ROOT).as_posix(): missing(cited(read(path))) for path in FILES}
    assert {path: numbers for path, numbers in wrong.items() if numbers} == {}


def test_citations_are_found_at_all() -> None:
    citing = {path.relative_to(ROOT).parts[0] for path in FILES if cited(read(path))}
    assert {"chalicelib", "docs", "emulator", "ops", "tests"} <= citing


@pytest.mark.parametrize("page", EMULATOR_PAGES, ids=lambda page: page.stem)
def test_every_row_of_the_emulator_is_about_a_number_of_the_contract(page: Path) -> None:
    numbers = cited_by_rows(read(page))
    assert len(numbers) > 20
    assert missing(numbers) == []


def test_every_number_appears_once() -> None:
    numbers = defined()
    assert sorted(number for number in set(numbers) if numbers.count(number) > 1) == []


def test_the_overview_leads_to_the_page_of_every_section() -> None:
    assert indexed() == {number: page.name for page in PAGES for number in sections(read(page))}
