"""Drive huaweicloudsdkdds; settings on stdin, what was found on stdout, as JSON."""

import json
import os
import sys
import time
from typing import Any

from huaweicloudsdkcore.auth.credentials import (
    BasicCredentials,
)
from huaweicloudsdkcore.auth.internal import (
    MetadataAccessor,
)
from huaweicloudsdkcore.auth.provider import (
    MetadataCredentialProvider,
    PodIdentityCredentialProvider,
)
from huaweicloudsdkcore.exceptions.exceptions import (
    ClientRequestException,
)
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkdds.v3 import (
    DdsClient,
    ListBackupsRequest,
    ListInstancesRequest,
    ListRestoreTimesRequest,
    ShowBackupPolicyRequest,
)

given = json.load(sys.stdin)


def credentials() -> Any:
    """Keys as given, or from the surroundings that the settings name."""
    if given.get("do") == "metadata":
        MetadataAccessor._METADATA_ENDPOINT = given["metadata_url"]
        found = MetadataCredentialProvider.get_basic().get_credentials()
    elif given.get("do") == "pod":
        os.environ["HC_CONTAINER_CREDENTIALS_FULL_URI"] = given["pod_url"]
        os.environ["HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = given["token_file"]
        found = PodIdentityCredentialProvider.get_basic().get_credentials()
    else:
        found = BasicCredentials(given["access_key"], given["secret_key"])
        if "security_token" in given:
            found.with_security_token(given["security_token"])
    found.project_id = given.get("project_id")
    return found


def connect() -> Any:
    """A client of the emulator; a region lets it look for the project itself."""
    builder = DdsClient.new_builder()
    if "region" in given:
        os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"] = given["iam_url"]
        builder.with_region(Region(given["region"], given["api_url"]))
    else:
        builder.with_endpoints([given["api_url"]])
    return builder.with_credentials(credentials()).build()


def backups(client: Any) -> dict[str, Any]:
    """Every page of the list."""
    window = {name: given[name] for name in ("begin_time", "end_time") if name in given}
    ids: list[str] = []
    while True:
        request = ListBackupsRequest(offset=len(ids), limit=given["limit"], **window)
        page = client.list_backups(request)
        ids += [backup.id for backup in page.backups]
        if len(page.backups) < given["limit"]:
            return {"ids": ids, "total_count": page.total_count}


def siblings(client: Any) -> dict[str, Any]:
    """What the other calls tell of each instance."""
    instances = client.list_instances(ListInstancesRequest(limit=100)).instances
    found: dict[str, Any] = {"instances": {each.id: each.name for each in instances}}
    found |= {"keep_days": {}, "incrementals": {}, "restorable": {}}
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for each in instances:
        policy = client.show_backup_policy(ShowBackupPolicyRequest(each.id)).backup_policy
        found["keep_days"][each.id] = policy.keep_days
        request = ListBackupsRequest(instance_id=each.id, backup_type="Incremental")
        if count := client.list_backups(request).total_count:
            found["incrementals"][each.id] = count
            times = client.list_restore_times(ListRestoreTimesRequest("en-us", each.id, today))
            found["restorable"][each.id] = [span.end_time for span in times.restore_time]
    return found


try:
    drive = siblings if given.get("do") == "siblings" else backups
    json.dump(drive(connect()), sys.stdout)
except ClientRequestException as refused:
    json.dump({"refused": refused.status_code}, sys.stdout)
