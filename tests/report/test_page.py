"""The page: one file, every section, readable without colour, script or network."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import pytest

from tap_dds_backups.report import marts
from tap_dds_backups.report.answers import SEVERITIES, answers
from tap_dds_backups.report.load import connect, load
from tap_dds_backups.report.page import page
from tap_dds_backups.report.sources import lay_views
from tap_dds_backups.report.summary import summary
from tests.report.estate import NOW, built, messages
from tests.report.singer import record, schema

SECTIONS = [
    "attention",
    "outcomes",
    "ages",
    "held",
    "speeds",
    "hours",
    "costs",
    "controls",
    "definitions",
    "limits",
]
_VOID = {"meta", "link", "path", "line", "polyline", "polygon", "use"}


class Outline(HTMLParser):
    """Tags with their attributes; complains about what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the tag."""
        self.found.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the tag, which closes itself."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Closes the innermost tag."""
        assert self.open.pop() == tag


@cache
def estate_page() -> str:
    """The page of the estate."""
    return page(answers(built()))


def tags(name: str) -> list[dict[str, str | None]]:
    """Attributes of each such tag."""
    return [attributes for tag, attributes in Outline(estate_page()).found if tag == name]


def test_every_section_is_there_under_its_heading() -> None:
    """In the order of urgency, each labelled by its own heading."""
    found = [one["id"] for one in tags("section")]
    assert found == SECTIONS
    assert [one["aria-labelledby"] for one in tags("section")] == [
        f"{one}-title" for one in SECTIONS
    ]
    assert [one["id"] for one in tags("h2")] == [f"{one}-title" for one in SECTIONS]


def test_the_page_needs_no_network_and_no_script() -> None:
    """No address but the page's own anchors, no script, no form, no import."""
    text = estate_page()
    for tag, attributes in Outline(text).found:
        assert tag not in {"script", "iframe", "img", "form", "object", "embed"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"href", "src", "xlink:href"}:
                assert (value or "").startswith(("#", "data:,"))
    assert not re.search(r"https?://|@import|url\(", text)


def test_pictures_have_words_and_tables_have_headers() -> None:
    """Each drawing is hidden from readers or has a title; each table a caption and scoped headers."""
    found = Outline(estate_page()).found
    for position, (tag, attributes) in enumerate(found):
        if tag == "svg" and attributes.get("aria-hidden") != "true":
            assert attributes["role"] == "img"
            assert found[position + 1][0] == "title"
        if tag == "table":
            assert found[position + 1][0] == "caption"
        if tag == "th":
            assert attributes["scope"] in {"col", "row"}


def test_severity_is_told_by_shape_letter_and_word() -> None:
    """Colour never stands alone: each severity has a mark of its own, and its name beside it."""
    text = estate_page()
    shapes = re.findall(r'<symbol id="s-(\w+)".*?d="([^"]+)".*?>(.)</text>', text)
    assert [name for name, _, _ in shapes] == list(SEVERITIES)
    assert len({(shape, letter) for _, shape, letter in shapes}) == len(SEVERITIES)
    for name in SEVERITIES:
        assert f'<use href="#s-{name}"/></svg>{name}</span>' in text


def test_findings_come_worst_first_and_all_of_them() -> None:
    """The order of severities holds, and the page names every alarm that the marts raise."""
    text = estate_page()
    urgent = re.findall(r'href="#s-(\w+)"/></svg>\w+</span></td>', text)
    assert [SEVERITIES.index(name) for name in urgent] == sorted(map(SEVERITIES.index, urgent))
    assert len(urgent) == 21


def test_what_is_unproven_is_said_on_top() -> None:
    """With backups alone the page says that nothing proves what still exists."""
    connection = built(["backups"])
    text = page(answers(connection))
    assert "Which backups still exist is unproven:" in text
    assert "Which backups still exist is unproven." in summary(answers(connection))


def test_a_healthy_estate_reads_calmly() -> None:
    """No alarm: the verdict says so and the list of findings is a sentence."""
    connection = connect(":memory:")
    healthy = [line for line in messages() if b"SCHEMA" in line or b'"audit-prod"' in line]
    load(healthy, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    text = page(answers(connection))
    assert "Every database has a recent backup to restore from." in text
    assert "Nothing: no check raises an alarm." in text


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "BUILDING", None])
def test_an_estate_of_one_backup_has_a_page(status: str | None) -> None:
    """The smallest input gives a whole page: no division by nothing."""
    properties = dict.fromkeys(("id", "status", "type", "instance_id"), "string")
    time = {"begin_time": {"type": "string", "format": "date-time"}}
    row = {"id": "a", "status": status, "type": "Auto", "instance_id": "i"}
    connection = connect(":memory:")
    lines = [
        schema("backups", properties | time, "id"),
        record("backups", {**row, "begin_time": "2026-11-24T01:00:00Z"}),
    ]
    load(lines, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    Outline(page(answers(connection)))


def test_a_thousand_instances_stay_below_three_megabytes() -> None:
    """Many instances are folded and summed up, not drawn one by one."""
    properties = dict.fromkeys(("id", "status", "type", "instance_id", "instance_name"), "string")
    properties["size"] = "integer"
    time = {"begin_time": {"type": "string", "format": "date-time"}}
    lines = [schema("backups", properties | time, "id")]
    for number in range(3000):
        row = {"id": f"{number}", "type": "Auto", "size": 10**8, "instance_id": f"i{number % 1000}"}
        row |= {
            "instance_name": f"team-{number % 1000:04}",
            "status": ("FAILED", "COMPLETED")[number % 2],
        }
        row |= {"begin_time": f"2026-11-{20 + number // 1000:02}T0{number % 9}:00:00Z"}
        lines.append(record("backups", row))
    connection = connect(":memory:")
    load(lines, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    text = page(answers(connection))
    assert len(text) < 3_000_000
    assert text.count('class="days"><svg') <= 41
    Outline(text)
