"""What botocore has against a request: by its model of the service, and by signing the same again.

A request is a dictionary with its `method`, `target`, `headers` (by names in small letters) and `body`.
"""

import datetime
import json
import re
import threading
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import lambda_core

SESSION = botocore.session.get_session()
SIGNING = {
    "lambda": "lambda", "s3": "s3", "iam": "iam", "sts": "sts", "logs": "logs", "tagging": "resourcegroupstaggingapi",
    "batch": "batch", "ec2": "ec2", "sqs": "sqs", "ecr": "ecr", "events": "events",
    "cloudformation": "cloudformation",
}
MODELS = {}
LOCK = threading.Lock()


def model(name):
    with LOCK:
        if name not in MODELS:
            MODELS[name] = SESSION.get_service_model(name)
        return MODELS[name]


def service_of(request):
    found = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", request["headers"].get("authorization", ""))
    if not found:
        return "sts" if b"AssumeRoleWithWebIdentity" in request["body"] else None
    name = found.group(1)
    if name == "lambda" and lambda_core.is_meant(request):
        return "lambda-core"
    if name == "apigateway":
        return "apigatewayv2" if urlsplit(request["target"]).path.startswith("/v2/") else "apigateway"
    return SIGNING.get(name)


def uri_pattern(uri):
    path = uri.split("?")[0]
    parts = re.split(r"(\{[^}]+\})", path)
    pattern = ""
    for part in parts:
        if part.startswith("{"):
            pattern += ".+" if part.endswith("+}") else "[^/]+"
        else:
            pattern += re.escape(part)
    return re.compile(pattern.rstrip("/") + "/?$")


def rest_operation(service, request):
    """The operation whose address fits best: the one that names the most items of the query."""
    parts = urlsplit(request["target"])
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    best = None
    for name in service.operation_names:
        operation = service.operation_model(name)
        if operation.deprecated or operation.http["method"] != request["method"]:
            continue
        uri = operation.http["requestUri"]
        if service.service_name == "s3" and operation.input_shape and "Bucket" in operation.input_shape.members:
            uri = "/{Bucket}" + uri if "{Bucket}" not in uri else uri
        if not uri_pattern(uri).match(parts.path):
            continue
        fixed = dict(parse_qsl(urlsplit(uri).query, keep_blank_values=True))
        if any(query.get(key) != value for key, value in fixed.items()):
            continue
        members = operation.input_shape.members.items() if operation.input_shape else []
        named = {shape.serialization.get("name") for _, shape in members if shape.serialization.get("location") == "querystring"}
        required = set(operation.input_shape.required_members) if operation.input_shape else set()
        missing = [
            key for key, shape in members
            if key in required and (
                shape.serialization.get("location") == "querystring" and shape.serialization["name"] not in query
                or shape.serialization.get("location") == "header"
                and shape.serialization["name"].lower() not in request["headers"])
        ]
        if missing:
            continue
        known = len([key for key in query if key in named or key in fixed])
        static = len(re.sub(r"\{[^}]+\}", "", uri))
        score = (len(fixed), known, static)
        if best is None or score > best[0]:
            best = (score, operation, query, fixed)
    return best


def enum(shape):
    return getattr(shape, "enum", None)


def check_value(shape, value, where, problems):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return problems.append(f"{where} is no structure")
        names = {member.serialization.get("name", key): (key, member) for key, member in shape.members.items()
                 if "location" not in member.serialization}
        for key, item in value.items():
            if key not in names:
                problems.append(f"{where} has no member {key}")
            else:
                check_value(names[key][1], item, f"{where}.{key}", problems)
        for key in shape.required_members:
            member = shape.members[key]
            if "location" not in member.serialization and member.serialization.get("name", key) not in value:
                problems.append(f"{where} lacks {key}")
    elif kind == "list":
        if not isinstance(value, list):
            return problems.append(f"{where} is no list")
        for index, item in enumerate(value):
            check_value(shape.member, item, f"{where}[{index}]", problems)
    elif kind == "map":
        if not isinstance(value, dict):
            return problems.append(f"{where} is no map")
        for key, item in value.items():
            check_value(shape.value, item, f"{where}[{key}]", problems)
    elif kind == "boolean":
        if not isinstance(value, bool):
            problems.append(f"{where} is no boolean")
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(f"{where} is no whole number")
        else:
            limits = shape.metadata
            if value < limits.get("min", value) or value > limits.get("max", value):
                problems.append(f"{where} is out of range")
    elif kind in ("string", "blob"):
        if not isinstance(value, str):
            return problems.append(f"{where} is no text")
        if kind == "string":
            if shape.enum and value not in shape.enum:
                problems.append(f"{where} is {value!r}, which is none of {shape.enum}")
            limits = shape.metadata
            if len(value) < limits.get("min", 0) or len(value) > limits.get("max", len(value)):
                problems.append(f"{where} has a length that is not allowed")


def check_xml(shape, element, where, problems):
    def name(tag):
        return tag.split("}")[-1]

    if shape.type_name != "structure":
        if shape.type_name == "string" and enum(shape) and (element.text or "") not in shape.enum:
            problems.append(f"{where} is {element.text!r}, which is none of {shape.enum}")
        return
    names = {}
    for key, member in shape.members.items():
        if member.serialization.get("location"):
            continue
        flat = member.type_name == "list" and member.serialization.get("flattened")
        tag = member.serialization.get("name", key)
        if flat:
            tag = member.serialization.get("name") or member.member.serialization.get("name", key)
        names[tag] = (key, member, flat)
    seen = set()
    for child in element:
        tag = name(child.tag)
        if tag not in names:
            problems.append(f"{where} has no element {tag}")
            continue
        key, member, flat = names[tag]
        seen.add(key)
        if flat:
            check_xml(member.member, child, f"{where}.{key}", problems)
        elif member.type_name == "list":
            wanted = member.member.serialization.get("name", "member")
            for item in child:
                if name(item.tag) != wanted:
                    problems.append(f"{where}.{key} has an element {name(item.tag)}, not {wanted}")
                check_xml(member.member, item, f"{where}.{key}", problems)
        else:
            check_xml(member, child, f"{where}.{key}", problems)
    for key in shape.required_members:
        if key not in seen and not shape.members[key].serialization.get("location"):
            problems.append(f"{where} lacks {key}")


def check_query(shape, form, where, problems):
    def known(shape, path):
        if not path:
            return True
        head, rest = path[0], path[1:]
        if shape.type_name == "structure":
            return head in shape.members and known(shape.members[head], rest)
        if shape.type_name == "list":
            return head == "member" and bool(rest) and rest[0].isdigit() and known(shape.member, rest[1:])
        return False

    for key in form:
        if key not in ("Action", "Version") and not known(shape, key.split(".")):
            problems.append(f"{where} has no parameter {key}")
    for key in shape.required_members:
        if not any(name == key or name.startswith(key + ".") for name in form):
            problems.append(f"{where} lacks {key}")


def check_rest(operation, query, fixed, request, xml, problems):
    shape = operation.input_shape
    if shape is None:
        return
    named = {member.serialization.get("name"): member for member in shape.members.values()
             if member.serialization.get("location") == "querystring"}
    for key, value in query.items():
        if key not in named and key not in fixed:
            problems.append(f"{operation.name} has no query item {key}")
        elif key in named and enum(named[key]) and value not in enum(named[key]):
            problems.append(f"{operation.name}: {key} is {value!r}, which is none of {enum(named[key])}")
    for key, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "header":
            value = request["headers"].get(member.serialization["name"].lower())
            if value is not None and enum(member) and value not in enum(member):
                problems.append(f"{operation.name}: {key} is {value!r}, which is none of {enum(member)}")
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if member.type_name == "structure" and request["body"]:
            if xml:
                root = ElementTree.fromstring(request["body"])
                wanted = member.serialization.get("name", payload)
                if root.tag.split("}")[-1] != wanted:
                    problems.append(f"{operation.name}: the root is {root.tag}, not {wanted}")
                check_xml(member, root, operation.name, problems)
            else:
                check_value(member, json.loads(request["body"]), operation.name, problems)
        return
    if not xml:
        check_value(shape, json.loads(request["body"] or b"{}"), operation.name, problems)


def check(request):
    """The service, the operation, and what is wrong with a request."""
    problems = []
    name = service_of(request)
    if name is None:
        return "?", "?", ["a request whose service cannot be told"]
    service = model(name)
    # A service may know several, the newest first: the one that is spoken here is what counts.
    protocols = service.metadata.get("protocols", [service.metadata["protocol"]])
    protocol = next(one for one in ("json", "rest-json", "rest-xml", "query", "ec2") if one in protocols)
    if protocol == "query" or protocol == "ec2":
        form = dict(parse_qsl(request["body"].decode(), keep_blank_values=True))
        action = form.get("Action", "")
        if action not in service.operation_names:
            return name, action, ["no such operation"]
        if form.get("Version") != service.api_version:
            problems.append(f"version {form.get('Version')} instead of {service.api_version}")
        shape = service.operation_model(action).input_shape
        if shape is not None and protocol == "query":
            check_query(shape, form, action, problems)
        return name, action, problems
    if protocol == "json":
        prefix, _, action = request["headers"].get("x-amz-target", "").rpartition(".")
        if action not in service.operation_names or prefix != service.metadata["targetPrefix"]:
            return name, action, ["no such operation"]
        if request["headers"].get("content-type") != "application/x-amz-json-" + service.metadata["jsonVersion"]:
            problems.append("another content type")
        check_value(service.operation_model(action).input_shape, json.loads(request["body"]), action, problems)
        return name, action, problems
    found = rest_operation(service, request)
    if found is None:
        return name, "?", [f"no operation is asked for by {request['method']} {request['target']}"]
    _, operation, query, fixed = found
    check_rest(operation, query, fixed, request, protocol == "rest-xml", problems)
    return name, operation.name, problems


def signature_problem(request, service, secret):
    """Signs the same again as botocore does; the secret is the one that everybody has."""
    header = request["headers"].get("authorization")
    if header is None:
        return None if b"AssumeRoleWithWebIdentity" in request["body"] else "it is not signed"
    credential = re.search(r"Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/", header)
    names = re.search(r"SignedHeaders=([^,]+)", header).group(1).split(";")
    stamp = datetime.datetime.strptime(request["headers"]["x-amz-date"], "%Y%m%dT%H%M%SZ")
    with LOCK:
        botocore.auth.get_current_datetime = lambda *arguments, **others: stamp
        again = AWSRequest(
            method=request["method"], url="http://" + request["headers"]["host"] + request["target"],
            data=request["body"])
        for name in names:
            if name not in ("host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"):
                again.headers[name] = request["headers"][name]
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        token = request["headers"].get("x-amz-security-token")
        kind(Credentials(credential.group(1), secret, token), credential.group(4), credential.group(3)).add_auth(again)
    return None if again.headers["Authorization"] == header else "botocore signs it otherwise"


def caller_of(request):
    """The access key that a request is signed with."""
    found = re.search(r"Credential=([^/]+)/", request["headers"].get("authorization", ""))
    return found.group(1) if found else ""
