"""List backups with huaweicloudsdkdds; settings on stdin, what was found on stdout, as JSON."""

import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials  # type: ignore[import-not-found]
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException  # type: ignore[import-not-found]
from huaweicloudsdkdds.v3 import DdsClient, ListBackupsRequest  # type: ignore[import-not-found]

given = json.load(sys.stdin)
credentials = BasicCredentials(given["access_key"], given["secret_key"], given["project_id"])
if "security_token" in given:
    credentials.with_security_token(given["security_token"])
client = (
    DdsClient.new_builder().with_credentials(credentials).with_endpoints([given["api_url"]]).build()
)
window = {name: given[name] for name in ("begin_time", "end_time") if name in given}
ids: list[str] = []
try:
    while True:
        request = ListBackupsRequest(offset=len(ids), limit=given["limit"], **window)
        page = client.list_backups(request)
        ids += [backup.id for backup in page.backups]
        if len(page.backups) < given["limit"]:
            break
    json.dump({"ids": ids, "total_count": page.total_count}, sys.stdout)
except ClientRequestException as refused:
    json.dump({"refused": refused.status_code}, sys.stdout)
