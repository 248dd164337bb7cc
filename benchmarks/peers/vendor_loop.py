"""The list loop that users of the vendor's SDK write: pages by offset, a line of JSON a backup."""

import json
import sys
from pathlib import Path

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdds.v3 import DdsClient, ListBackupsRequest

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
LIMIT = 100

credentials = BasicCredentials("AN-ACCESS-KEY", "a-secret-key", given["project_id"])
builder = DdsClient.new_builder().with_credentials(credentials)
client = builder.with_endpoints([given["api_url"]]).build()
offset = 0
while True:
    page = client.list_backups(ListBackupsRequest(offset=offset, limit=LIMIT))
    for backup in page.backups:
        sys.stdout.write(json.dumps(backup.to_dict()) + "\n")
    offset += LIMIT
    if len(page.backups) < LIMIT:
        break
