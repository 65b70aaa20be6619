"""Signs requests as botocore does. Reads a JSON list of cases, writes one line for each: the Authorization field, or the
signed address."""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

CLASSES = {
    ("standard", "header"): botocore.auth.SigV4Auth,
    ("s3", "header"): botocore.auth.S3SigV4Auth,
    ("standard", "query"): botocore.auth.SigV4QueryAuth,
    ("s3", "query"): botocore.auth.S3SigV4QueryAuth,
}


def sign(case):
    now = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *arguments, **names: now.replace(tzinfo=None)
    path = percent_encode(case["path"], safe="/~")
    query = "&".join(f"{percent_encode(name)}={percent_encode(value)}" for name, value in case["query"])
    url = case["origin"] + path + ("?" + query if query else "")
    request = AWSRequest(method=case["method"], url=url, data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    request.context["payload_signing_enabled"] = not case["unsigned"]
    request.context["has_streaming_input"] = case["unsigned"]
    if case["unsigned"] and case["style"] == "s3":

        class Config:
            s3 = {"payload_signing_enabled": False}

        request.context["client_config"] = Config()
    credentials = Credentials(case["accessKey"], case["secretKey"], case["token"] or None)
    signer = CLASSES[case["style"], case["kind"]]
    if case["kind"] == "query":
        request.data = b""
        signer(credentials, case["service"], case["region"], case["seconds"]).add_auth(request)
        return request.url
    signer(credentials, case["service"], case["region"]).add_auth(request)
    return request.headers["Authorization"]


with open(sys.argv[1], encoding="utf-8") as file:
    for case in json.load(file):
        print(sign(case))
