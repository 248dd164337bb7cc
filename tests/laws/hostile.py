"""Pages that no service should send, made from a seed, and what an honest reader makes of them.

`python -m tests.laws.hostile --pages 1000000 --seed 7` runs as many as wanted.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.models import Backup, Filters, Page, PageRequest
from tap_dds_backups.api.responses import page_from

REQUEST = PageRequest(0, 100)
ONE_LINE = re.compile(r"[ -~]{1,700}")
JUNK: list[Any] = [
    *[None, True, False, 0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, 10**30, 0.5, -0.0, 1e16, 1e300],
    *["", " ", "0", "null", "true", "-1", "9" * 30, "1e999", "NaN", "0x1F", "1_000", "\uff11"],
    *["2018-08-06 12:41:14", "2018-08-06T12:41:14Z", "2018-08-06T12:41:14+08:00", "2018-08-06"],
    *["0000-00-00 00:00:00", "9999-12-31 23:59:59", "2018-02-30 00:00:00", "2018-08-06 12:41:60"],
    *["2018-08-06T12:41+01", "0001-01-01 00:00:00+23:59", "2018-08-06 12:41:14.123456789", "soon"],
    *[
        "\x00",
        "\ud800",
        "\udfff\ud800",
        "\u2028\u2029",
        "\x1b[31m",
        "a\nb\r",
        "\u202e",
        "\U0001f600",
    ],
    *["x" * 5_000, "' OR 1=1 --", "<script>", "${jndi}", "%s%n", "../..", "\\u0000", "\ufeff"],
    *[
        [],
        {},
        [[]],
        [None],
        {"": {}},
        {"id": {}},
        ["2018-08-06 12:41:14"],
        {"type": 1},
        [1, [2, [3]]],
    ],
]
NAMES = [
    *["id", "name", "instance_id", "begin_time", "end_time", "status", "size", "datastore", "type"],
    *["description", "kms_enable", "instance_mode", "storage", "error_code", "__class__", "ID"],
]


def honest_row(number: int) -> dict[str, Any]:
    """A row as the manual says."""
    return {
        "id": f"b{number}",
        "name": f"nightly {number}",
        "instance_id": "i1in02",
        "datastore": {"type": "DDS-Community", "version": "4.2"},
        "type": "Auto",
        "begin_time": f"2018-08-06 12:41:{59 - number:02}",
        "end_time": f"2018-08-06 12:43:{59 - number:02}",
        "status": "COMPLETED",
        "size": 100 + number,
        "kms_enable": False,
    }


def hostile_body(random: Random) -> bytes:
    """An honest page after one to four strokes of bad luck or malice."""
    page = {"backups": [honest_row(number) for number in range(random.randrange(4))]}
    page["total_count"] = len(page["backups"])  # type: ignore[assignment]  # on its way to JSON
    for _ in range(random.randint(1, 4)):
        _twist(page, random)
    body = json.dumps(page, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    if random.random() < 0.3:
        body = random.choice(_BYTES)(body, random)
    return body


def _twist(page: dict[str, Any], random: Random) -> None:
    rows = page.get("backups")
    places: list[Any] = [page]
    if isinstance(rows, list):
        places += [rows, *rows, *rows]
    place = random.choice(places)
    value = deepcopy(random.choice(JUNK))
    if isinstance(place, dict):
        name = random.choice(["total_count", "backups"] if place is page else NAMES)
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = value
    elif isinstance(place, list) and place and random.random() < 0.6:
        place[random.randrange(len(place))] = random.choice([value, place[0], honest_row(7)])
    elif isinstance(place, list):
        place.append(value)


def _cut(body: bytes, random: Random) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _flipped(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body))
    return body[:at] + bytes([random.randrange(256)]) + body[at + 1 :]


def _inserted(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    extra = [
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"\\u0000",
        b"\\ud800",
        b',"id":"z"',
        b"NaN",
        b"[[[",
    ]
    return body[:at] + random.choice(extra) + body[at:]


def _encoded(body: bytes, random: Random) -> bytes:
    text = body.decode("utf-8", "replace")
    encoding = random.choice(["utf-16", "utf-8-sig", "utf-32-be", "latin-1"])
    return text.encode(encoding, "replace")


_BYTES: list[Callable[[bytes, Random], bytes]] = [_cut, _flipped, _inserted, _encoded]


def verdict(body: bytes) -> str:
    """Interpret a 200 with this body; "page", or the error's name. Fails on a wrong row.

    Raises whatever is raised beside the error tree.
    """
    try:
        page = page_from(Response(200, {}, body), "dds.test", REQUEST, Filters(), 0.0)
    except DdsError as error:
        refused = error
    else:
        assert_true_to(body, page)
        return "page with unusable rows" if page.flaws else "page"
    assert ONE_LINE.fullmatch(str(refused)), f"not one short line: {refused!r}"
    return type(refused).__name__


def assert_true_to(body: bytes, page: Page) -> None:
    """Every row of the body is in the page, unchanged in meaning, or named as unusable."""
    answer = json.loads(body.decode("utf-8-sig"))
    rows = answer.get("backups") or []
    assert page.total_count == answer["total_count"]
    unusable = {flaw.place for flaw in page.flaws}
    assert all(ONE_LINE.fullmatch(flaw.reason) for flaw in page.flaws)
    assert all(ONE_LINE.fullmatch(note.text) for note in page.notes)
    kept = [row for place, row in enumerate(rows) if place not in unusable]
    assert len(kept) == len(page.backups) == len(rows) - len(unusable)
    for row, backup in zip(kept, page.backups, strict=True):
        assert_same(row, backup)


def assert_same(row: dict[str, Any], backup: Backup) -> None:
    """The backup says what the row says, read by other means than the package's own."""
    for name in ("id", "name", "instance_id", "type", "status", "description", "instance_mode"):
        assert getattr(backup, name) == _storable(row.get(name)), name
    assert backup.id
    assert backup.begin_time == _instant(row["begin_time"])
    assert backup.end_time == (_instant(row["end_time"]) if row.get("end_time") else None)
    assert backup.kms_enable is row.get("kms_enable")
    size = row.get("size")
    if size in (None, ""):
        assert backup.size is None
    else:
        assert backup.size is not None
        assert math.isclose(backup.size, float(size), abs_tol=0.5)
    datastore = row.get("datastore")
    assert (backup.datastore is None) is (datastore is None)
    if datastore is not None and backup.datastore is not None:
        assert backup.datastore.type == _storable(datastore.get("type"))


def _storable(text: str | None) -> str | None:
    if text is None:
        return None
    return "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)


def _instant(text: str) -> str | None:
    """Read a time by its notation; None where it is none."""
    digits, rest = text.strip()[:19], text.strip()[19:]
    numbers = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)", digits, re.ASCII)
    rest = re.sub(r"^[.,][0-9]{1,18}", "", rest).removeprefix(" ")
    zone = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)", rest, re.ASCII)
    if numbers is None or not (zone or rest in {"", "Z", "z", "UTC"}):
        return None
    try:
        moment = datetime(*map(int, numbers.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]  # six
        if zone:
            minutes = int(zone[2]) * 60 + int(zone[3])
            moment -= timedelta(minutes=minutes if zone[1] == "+" else -minutes)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat()


def campaign(pages: int, seed: int) -> Counter[str]:
    """Interpret so many generated pages; what came of them. The error names seed and page."""
    outcomes: Counter[str] = Counter()
    for number in range(pages):
        body = hostile_body(Random(f"{seed} {number}"))
        try:
            outcomes[verdict(body)] += 1
        except Exception as problem:
            raise AssertionError(f"seed {seed}, page {number}: {body!r}") from problem
    return outcomes


def main() -> int:
    """Run a campaign and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(dict(campaign(options.pages, options.seed).most_common()))  # noqa: T201  # its use
    return 0


if __name__ == "__main__":
    sys.exit(main())
