"""The floor of what is usual: a requests session, orjson, RECORD lines; no framework, no checks."""

import json
import sys
from pathlib import Path

import orjson
import requests

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
LIMIT = 100

session = requests.Session()
session.headers["X-Auth-Token"] = given["auth_token"]
url = f"{given['api_url']}/v3/{given['project_id']}/backups"
write = sys.stdout.buffer.write
offset = 0
while True:
    answer = session.get(url, params={"offset": offset, "limit": LIMIT}, timeout=60)
    answer.raise_for_status()
    rows = orjson.loads(answer.content)["backups"]
    for row in rows:
        write(orjson.dumps({"type": "RECORD", "stream": "backups", "record": row}) + b"\n")
    offset += LIMIT
    if len(rows) < LIMIT:
        break
