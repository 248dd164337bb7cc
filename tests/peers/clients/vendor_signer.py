"""Signs the requests given as JSON on stdin with the vendor's SDK; prints the Authorization of each."""

import json
import sys

from huaweicloudsdkcore.auth.credentials import (
    BasicCredentials,
)
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

signed = []
for case in json.load(sys.stdin):
    request = SdkRequest(
        method=case["method"],
        schema="https",
        host=case["host"],
        resource_path=case["path"],
        query_params=[tuple(pair) for pair in case["query"]],
        header_params=case["headers"],
        body=case["body"],
    )
    credentials = BasicCredentials(case["access_key"], case["secret_key"], "p")
    signed.append(Signer(credentials).sign(request).header_params["Authorization"])
json.dump(signed, sys.stdout)
