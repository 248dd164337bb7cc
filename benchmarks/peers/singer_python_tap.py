"""A tap of the time before the SDK: singer-python with its Transformer."""

import json
import sys
from pathlib import Path

import requests
import singer

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
LIMIT = 100

text = {"type": ["null", "string"]}
moment = {"type": ["null", "string"], "format": "date-time"}
texts = ("id", "name", "instance_id", "instance_name", "type", "status", "description")
schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(texts, text),
        "begin_time": moment,
        "end_time": moment,
        "size": {"type": ["null", "integer"]},
        "datastore": {"type": ["null", "object"], "properties": {"type": text, "version": text}},
    },
}
session = requests.Session()
session.headers["X-Auth-Token"] = given["auth_token"]
url = f"{given['api_url']}/v3/{given['project_id']}/backups"
singer.write_schema("backups", schema, ["id"])
offset = 0
with singer.Transformer() as transformer:
    while True:
        answer = session.get(url, params={"offset": offset, "limit": LIMIT}, timeout=60)
        answer.raise_for_status()
        rows = answer.json()["backups"]
        for row in rows:
            singer.write_record("backups", transformer.transform(row, schema))
        offset += LIMIT
        if len(rows) < LIMIT:
            break
singer.write_state({"bookmarks": {}})
