"""AWS for tests: moto, and runtimes of our own, behind a proxy that looks at every request.

Each request is held against botocore's model of its service, and its signature is computed again. What is wrong is kept, and
given at /_proxy/log.

/_proxy/cut?after=N  lets N more changes through. The next one still happens, but its answer is lost, and from then on
    every connection breaks.
/_proxy/fail?match=OPERATION&times=N&status=S&code=C&message=M  answers so the next N times that the operation is asked for.
/_proxy/answer?match=OPERATION&times=N&body=JSON  answers with this document instead, the next N times.
/_proxy/log    what was asked since the last reset, as JSON.
/_proxy/code?region=R&function=F  the zip that the function F was made of; with layer=ARN, the one of a layer's version.
/_proxy/registry?origin=O  puts the registry at O behind ECR: who has this as their proxy finds it at ECR's address, without
    TLS, and an image that is pushed there is one that ECR knows.
/_proxy/clear  forgets requests, cuts and failures; /_proxy/reset all that is in the account as well.
"""

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
from urllib.parse import parse_qs, urlsplit

import lambda_core
import request_check

LOCK = threading.Lock()
STATE = {"log": [], "cut": None, "failures": [], "dead": False}
REGISTRY = {"origin": None}


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
            if verb in ("reset", "clear"):
                STATE.update(log=[], cut=None, failures=[], dead=False)
            elif verb == "cut":
                STATE["cut"] = int(query["after"][0])
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
            service, operation, problems = request_check.check(request)
            wrong = request_check.signature_problem(request, service, SECRET)
        except Exception as error:  # whatever it is, the test must see it
            service, operation, problems, wrong = "?", "?", [f"the check failed: {error!r}"], None
        problems += [wrong] if wrong else []
        changes = not re.match("Get|List|Head|Describe|Filter|Assume", operation)
        with LOCK:
            if STATE["dead"]:
                return self.break_off()
            STATE["log"].append({"service": service, "operation": operation, "changes": changes, "problems": problems,
                                 "target": self.path, "caller": request_check.caller_of(request)})
            if changes and STATE["cut"] is not None:
                STATE["cut"] -= 1
                STATE["dead"] = STATE["cut"] < 0
            lost = STATE["dead"]
            failure = next((item for item in STATE["failures"] if item["match"] == operation and item["times"] > 0), None)
            if failure:
                failure["times"] -= 1
        if failure and "body" in failure:
            return self.answer(200, failure["body"].encode())
        if failure:
            text = json.dumps({"Type": "User", "message": failure["message"]})
            return self.answer(failure["status"], text.encode(), [("x-amzn-errortype", failure["code"])])
        if service == "lambda-core":
            with LOCK:
                status, document, code = lambda_core.answer(request)
            if lost:
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
        if lost:
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
