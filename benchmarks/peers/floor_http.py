"""The floor of what Python can: http.client, pages into msgspec structs, a page of lines at once."""

import json
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
LIMIT = 100


class Datastore(msgspec.Struct):
    """Engine and version."""

    type: str
    version: str


class Backup(msgspec.Struct):
    """A row."""

    id: str
    name: str
    instance_id: str
    instance_name: str
    datastore: Datastore
    type: str
    begin_time: str
    end_time: str
    status: str
    size: int
    description: str | None


class Page(msgspec.Struct):
    """An answer."""

    backups: list[Backup]
    total_count: int


class Record(msgspec.Struct):
    """A Singer message."""

    type: str
    stream: str
    record: Backup


decode = msgspec.json.Decoder(Page).decode
encode = msgspec.json.Encoder().encode_lines
address = urlsplit(given["api_url"])
connection = HTTPConnection(address.hostname or "", address.port)
headers = {"X-Auth-Token": given["auth_token"]}
write = sys.stdout.buffer.write
offset = 0
while True:
    path = f"/v3/{given['project_id']}/backups?offset={offset}&limit={LIMIT}"
    connection.request("GET", path, headers=headers)
    rows = decode(connection.getresponse().read()).backups
    write(encode([Record("RECORD", "backups", row) for row in rows]))
    offset += LIMIT
    if len(rows) < LIMIT:
        break
