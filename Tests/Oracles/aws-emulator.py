"""AWS for tests: moto, and runtimes of our own, behind a proxy that looks at every request.

Each request is held against botocore's model of its service (the operation, its members, which are required, their types
and enumerations), and its signature is computed again by botocore. What is wrong is kept, and given at /_proxy/log.

/_proxy/cut?after=N&mode=before|after  lets N more changes through and then breaks every connection; with mode=after the
    last change still happens, but its answer is lost.
/_proxy/fail?match=OPERATION&times=N&status=S&code=C&message=M  answers so the next N times that the operation is asked for.
/_proxy/answer?match=OPERATION&times=N&body=JSON  answers with this document instead, the next N times.
/_proxy/log    what was asked since the last reset, as JSON.
/_proxy/code?region=R&function=F  the zip that the function F was made of; with layer=ARN, the one of a layer's version.
/_proxy/registry?origin=O  puts the registry at O behind ECR: who has this as their proxy finds it at ECR's address, without
    TLS, and an image that is pushed there is one that ECR knows.
/_proxy/reset  begins anew, moto included.
"""

import datetime
import hashlib
import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

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
STATE = {"log": [], "cut": None, "failures": [], "dead": False}
REGISTRY = {"origin": None}


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
        if part.startswith("{") and part.endswith("+}"):
            pattern += f"(?P<{part[1:-2]}>.+)"
        elif part.startswith("{"):
            pattern += f"(?P<{re.sub('[^A-Za-z0-9_]', '_', part[1:-1])}>[^/]+)"
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
        match = uri_pattern(uri).match(parts.path)
        if not match:
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
            best = (score, operation, match.groupdict(), query, fixed)
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


def check_rest(operation, values, query, fixed, request, xml, problems):
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
    _, operation, values, query, fixed = found
    check_rest(operation, values, query, fixed, request, protocol == "rest-xml", problems)
    return name, operation.name, problems


def signature_problem(request, service):
    """Signs the same again as botocore does."""
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
        kind(Credentials(credential.group(1), SECRET, token), credential.group(4), credential.group(3)).add_auth(again)
    return None if again.headers["Authorization"] == header else "botocore signs it otherwise"


def tell_moto(path, document=None):
    connection = http.client.HTTPConnection("127.0.0.1", MOTO)
    connection.request("POST", path, json.dumps(document) if document else None, {"Content-Type": "application/json"})
    connection.getresponse().read()


def tag_bucket(path, body):
    """Sets the tags that come with a new bucket: S3 knows them there, and moto does not."""
    root = ElementTree.fromstring(body) if body else []
    tags = [child for child in root if child.tag.split("}")[-1] == "Tags"]
    if tags and len(tags[0]):
        pairs = "".join(ElementTree.tostring(tag, encoding="unicode") for tag in tags[0])
        connection = http.client.HTTPConnection("127.0.0.1", MOTO)
        document = re.sub(r"ns0:| xmlns:ns0=\"[^\"]*\"", "", f"<Tagging><TagSet>{pairs}</TagSet></Tagging>")
        connection.request("PUT", path + "?tagging", document)
        connection.getresponse().read()


def code_of(region, function=None, layer=None):
    """The package of a function or of a layer's version: moto hands out an address that nobody serves."""
    from moto.awslambda_simple.models import lambda_simple_backends

    backend = lambda_simple_backends["123456789012"][region]
    return (backend.layers_versions_by_arn(layer) if layer else backend.get_function(function, "live")).code_bytes


def note_image(path, manifest, headers):
    """Tells ECR of a manifest that its registry has taken: `/v2/REPOSITORY/manifests/TAG`."""
    from moto.ecr.models import ecr_backends

    repository, _, tag = path.removeprefix("/v2/").partition("/manifests/")
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    ecr_backends["123456789012"]["eu-west-1"].put_image(
        repository, manifest.decode(), None if tag.startswith("sha256:") else tag, headers.get("Content-Type"), digest)


def caller_of(request):
    """The access key that a request is signed with."""
    found = re.search(r"Credential=([^/]+)/", request["headers"].get("authorization", ""))
    return found.group(1) if found else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def control(self, verb, query):
        if verb == "log":
            with LOCK:
                body = json.dumps(STATE["log"]).encode()
            return self.answer(200, body)
        if verb == "code":
            return self.answer(200, code_of(**{name: values[0] for name, values in query.items()}))
        if verb == "registry":
            REGISTRY["origin"] = query["origin"][0]
            return self.answer(200)
        with LOCK:
            if verb == "reset":
                STATE.update(log=[], cut=None, failures=[], dead=False)
            elif verb == "clear":
                STATE.update(log=[], cut=None, failures=[], dead=False)
            elif verb == "cut":
                STATE["cut"] = [int(query["after"][0]), query["mode"][0]]
            elif verb == "fail":
                STATE["failures"].append(
                    {"match": query["match"][0], "times": int(query["times"][0]), "status": int(query["status"][0]),
                     "code": query.get("code", [""])[0], "message": query.get("message", [""])[0]})
            elif verb == "answer":
                STATE["failures"].append(
                    {"match": query["match"][0], "times": int(query["times"][0]), "status": 200,
                     "body": query["body"][0]})
        if verb == "reset":
            tell_moto("/moto-api/reset")
            lambda_core.reset()
        return self.answer(200)

    def break_off(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def forward(self, parts):
        """Passes a request on to the registry behind ECR."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if REGISTRY["origin"] is None or ".dkr.ecr." not in parts.netloc:
            return self.answer(502)
        connection = http.client.HTTPConnection(urlsplit(REGISTRY["origin"]).netloc, timeout=60)
        # The host stays ECR's, so that the registry gives out addresses there.
        headers = {key: value for key, value in self.headers.items() if not key.lower().endswith("connection")}
        connection.request(self.command, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if self.command == "PUT" and "/manifests/" in parts.path and response.status == 201:
            note_image(parts.path, body, self.headers)
        kept = [(key, value) for key, value in response.getheaders()
                if key.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server")]
        if self.command == "HEAD":
            self.send_response(response.status)
            for key, value in kept + [("Content-Length", response.getheader("Content-Length") or "0")]:
                self.send_header(key, value)
            return self.end_headers()
        return self.answer(response.status, content, kept)

    def do_CONNECT(self):
        """Nobody here speaks TLS."""
        self.answer(502)

    def handle_request(self):
        parts = urlsplit(self.path)
        if parts.netloc:
            return self.forward(parts)
        if parts.path.startswith("/_proxy/"):
            return self.control(parts.path.split("/")[2], parse_qs(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = {"method": self.command, "target": self.path, "body": body,
                   "headers": {key.lower(): value for key, value in self.headers.items()}}
        try:
            service, operation, problems = check(request)
            wrong = signature_problem(request, service)
        except Exception as error:  # whatever it is, the test must see it
            service, operation, problems, wrong = "?", "?", [f"the check failed: {error!r}"], None
        problems += [wrong] if wrong else []
        changes = not re.match("Get|List|Head|Describe|Filter|Assume", operation)
        with LOCK:
            if STATE["dead"]:
                return self.break_off()
            STATE["log"].append({"service": service, "operation": operation, "changes": changes, "problems": problems,
                                 "target": self.path, "caller": caller_of(request)})
            mode = None
            if changes and STATE["cut"] is not None:
                STATE["cut"][0] -= 1
                if STATE["cut"][0] < 0:
                    mode = STATE["cut"][1]
                    STATE["dead"] = True
            failure = next((item for item in STATE["failures"] if item["match"] == operation and item["times"] > 0), None)
            if failure:
                failure["times"] -= 1
        if mode == "before":
            return self.break_off()
        if failure and "body" in failure:
            return self.answer(200, failure["body"].encode())
        if failure:
            text = json.dumps({"Type": "User", "message": failure["message"]})
            return self.answer(failure["status"], text.encode(), [("x-amzn-errortype", failure["code"])])
        if service == "lambda-core":
            with LOCK:
                status, document, code = lambda_core.answer(request)
            if mode == "after":
                return self.break_off()
            return self.answer(status, json.dumps(document).encode(), [("x-amzn-errortype", code)] if code else [])
        connection = http.client.HTTPConnection("127.0.0.1", MOTO, timeout=60)
        headers = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if operation == "CreateBucket" and response.status == 200:
            tag_bucket(self.path, body)
        if mode == "after":
            return self.break_off()
        kept = [(key, value) for key, value in response.getheaders()
                if key.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server")]
        if self.command == "HEAD":
            length = response.getheader("Content-Length")
            self.send_response(response.status)
            for key, value in kept + ([("Content-Length", length)] if length else []):
                self.send_header(key, value)
            self.end_headers()
            return None
        return self.answer(response.status, content, kept)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request


def end_with(parent):
    """Ends when whoever started this has gone: suites that share it have no last moment to stop it in."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    port, SECRET = int(sys.argv[1]), sys.argv[2]
    from moto.server import ThreadedMotoServer

    import moto_gaps
    import moto_stacks

    moto_gaps.close()
    moto_stacks.close()

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    MOTO = server.get_host_and_port()[1]
    # Functions are not run: moto would want Docker for that.
    tell_moto("/moto-api/config", {"lambda": {"use_docker": False}, "batch": {"use_docker": False}})
    ThreadingHTTPServer.request_queue_size = 64
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
