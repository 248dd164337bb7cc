"""List backups with keystoneauth1; settings on stdin, what was found on stdout, as JSON."""

import datetime
import json
import sys
from typing import Any
from urllib.parse import quote, urlencode

from keystoneauth1 import exceptions, session
from keystoneauth1.identity import generic, v3

given = json.load(sys.stdin)
names = {
    "username": given["username"],
    "password": given["password"],
    "user_domain_name": given["domain_name"],
    "project_id": given["project_id"],
}
if given.get("generic"):
    auth = generic.Password(auth_url=given["iam_url"], **names)
else:
    auth = v3.Password(auth_url=given["iam_url"] + "/v3", **names)
client = session.Session(auth=auth)


def pages() -> dict[str, Any]:
    """Every page of the list."""
    ids: list[str] = []
    while True:
        parameters = {"offset": len(ids), "limit": given["limit"]}
        parameters |= {name: given[name] for name in ("begin_time", "end_time") if name in given}
        url = f"{given['api_url']}/v3/{given['project_id']}/backups"
        page = client.get(f"{url}?{urlencode(parameters, quote_via=quote)}").json()
        ids += [backup["id"] for backup in page["backups"]]
        if len(page["backups"]) < given["limit"]:
            return {"ids": ids, "total_count": page["total_count"]}


def facts() -> dict[str, Any]:
    """What the token says of itself."""
    left = auth.get_access(client).expires - datetime.datetime.now(datetime.UTC)
    return {
        "project_id": client.get_project_id(),
        "endpoint": client.get_endpoint(service_type="ddsv3"),
        "seconds_left": left.total_seconds(),
    }


try:
    json.dump(facts() if given.get("facts") else pages(), sys.stdout)
except exceptions.Unauthorized as refused:
    json.dump({"refused": refused.http_status}, sys.stdout)
