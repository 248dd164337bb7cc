"""The report's page in a real browser that reaches no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_dds_backups.report.answers import answers
from tap_dds_backups.report.page import page
from tests.peers.chromium import Tab, chromium
from tests.report.estate import built
from tests.report.test_page import SECTIONS

pytestmark = pytest.mark.peers
DESKTOP, PHONE = 1200, 390

# Every text on the page with too little contrast to what lies behind it (4.5 : 1).
FAINT = """
(() => {
  const parse = text => {
    const n = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
  };
  const behind = element => {
    let color = [0, 0, 0, 0];
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a] = parse(getComputedStyle(e).backgroundColor), rest = a * (1 - color[3]);
      color = [color[0] + r * rest, color[1] + g * rest, color[2] + b * rest, color[3] + rest];
      if (color[3] > 0.999) break;
    }
    return color;
  };
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const part = c[i] / 255;
    return sum + weight * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const faint = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim() && n.data.trim() !== "·");
    if (!own || element.closest("svg, .hidden, .skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(element.tagName + "." + element.className + " " + ratio.toFixed(2));
  }
  return [...new Set(faint)];
})()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate's page as a file."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(answers(built())), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tab(file: Path) -> Iterator[Tab]:
    """That page, opened."""
    with chromium() as opened:
        opened.open(file)
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_section_is_seen_and_fits(tab: Tab, width: int, scheme: str) -> None:
    """At desktop and phone width every section has a size and nothing sticks out sideways."""
    tab.look(width=width, scheme=scheme)
    seen = tab.value(
        "[...document.querySelectorAll('section')].filter(s => s.offsetHeight > 40).map(s => s.id)"
    )
    assert seen == SECTIONS
    assert tab.value("document.documentElement.scrollWidth") == width
    assert tab.value(FAINT) == []
    assert len(tab.picture()) > 50_000


def test_paper_shows_what_is_folded(tab: Tab) -> None:
    """Printed, the page is light, has its colours and opens its folds."""
    tab.look(width=794, scheme="dark", media="print")
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = "[...document.querySelectorAll('details table')].filter(t => !t.checkVisibility({contentVisibilityAuto: true})).length"
    assert tab.value(hidden) == 0
    assert tab.call("Page.printToPDF")["data"]


def test_a_screen_reader_finds_its_way(tab: Tab) -> None:
    """Headings and regions are in the browser's own accessibility tree; every picture has a name."""
    tab.look(width=DESKTOP)
    nodes = [node for node in tab.call("Accessibility.getFullAXTree")["nodes"] if "role" in node]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        name = node.get("name", {}).get("value", "")
        roles.setdefault(node["role"]["value"], []).append(name)
    assert len(roles["heading"]) == len(SECTIONS) + 1
    assert len([name for name in roles["region"] if name]) >= len(SECTIONS)
    assert roles["image"]
    assert all(roles["image"])
    assert all(roles["table"])
    assert "search-prod" in roles["rowheader"]


def test_nothing_is_asked_for_and_nothing_goes_wrong(tab: Tab, file: Path) -> None:
    """The file is all that was loaded, and the console stayed empty."""
    assert [url for url in tab.asked_for() if not url.startswith("data:")] == [file.as_uri()]
    assert tab.said() == []
