"""Lambda, S3's notifications, Batch and ECR's registry for functions that were published into the emulator.

Usage: run-published.py FOLDER RIE BUCKET KEY FILE

Stores FILE as KEY in BUCKET, and then does what AWS would: every new object is told to the functions that the bucket's
notifications name, each in a cage with the code and the layers that were uploaded, or in the image that it was made from, with
its own variables and /tmp, under AWS's Runtime Interface Emulator; jobs that functions hand over run as Batch would run them, in the
image that their definition names. Images are pulled from the registry by their digest. So it goes until nothing new happens. Prints a line of JSON for each call and job. Whoever calls signs with a
key that names the role, so that the emulator's log says who did what.
"""

import collections
import hashlib
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tarfile
import time
import urllib.parse
import urllib.request
import zipfile

import boto3

FOLDER, RIE, BUCKET, KEY, FILE = sys.argv[1:]
ORIGIN = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]
ACCOUNT = "123456789012"
# More than any test needs: functions that call each other in a circle end here.
MOST_CALLS = 100

s3, functions, batch = (boto3.client(name) for name in ("s3", "lambda", "batch"))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def code(**of):
    """The zip of a function, or of a layer's version."""
    query = urllib.parse.urlencode({"region": REGION, **of})
    with urllib.request.urlopen(f"{ORIGIN}/_proxy/code?{query}", timeout=60) as answer:
        return answer.read()


def key_of(role):
    """The access key of a role's session, which names it."""
    return "ASIA." + role.split("/")[-1]


class Cage:
    """What a function runs in: its code to read, a /tmp to write, a user who is nobody, and its own variables."""

    def __init__(self, name, images):
        function = functions.get_function(FunctionName=name, Qualifier="live")
        settings = function["Configuration"]
        self.name = name
        self.timeout = settings["Timeout"]
        self.process = None
        own = {}
        if settings["PackageType"] == "Image":
            image = images[function["Code"]["ImageUri"]]
            self.program, own = image.words, image.variables
            self.files = image.files("--ro-bind", ("var/rie",)) + ["--chdir", image.folder]
        else:
            task, layers = pathlib.Path(FOLDER, name), pathlib.Path(FOLDER, name + ".layers")
            self.unpack(code(function=name), task)
            layers.mkdir()
            # Lambda, "Working with layers": each is unpacked into /opt, in this order.
            for layer in settings.get("Layers", []):
                self.unpack(code(layer=layer["Arn"]), layers)
            self.program = ["/var/task/bootstrap"]
            self.files = self.machine() + [
                "--ro-bind", str(task), "/var/task", "--ro-bind", str(layers), "/opt", "--chdir", "/var/task"]
        self.variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC", **own,
            "LAMBDA_TASK_ROOT": "/var/task", "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": settings["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": key_of(settings["Role"]),
            "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
            "AWS_ENDPOINT_URL": ORIGIN, **settings.get("Environment", {}).get("Variables", {}),
        }

    @staticmethod
    def unpack(code, task):
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            for entry in archive.infolist():
                path = task / entry.filename
                mode = entry.external_attr >> 16
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                if mode & 0o170000 == 0o120000:
                    path.symlink_to(archive.read(entry).decode())
                    continue
                path.write_bytes(archive.read(entry))
                path.chmod(mode & 0o777 or 0o644)

    @staticmethod
    def machine():
        """What of this machine stands for Lambda's base."""
        files = ["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
        for folder in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink("/" + folder):
                files += ["--symlink", os.readlink("/" + folder), "/" + folder]
            elif os.path.isdir("/" + folder):
                files += ["--ro-bind", "/" + folder, "/" + folder]
        return files

    def command(self, words):
        cage = [
            "bwrap", "--unshare-user", "--uid", "993", "--gid", "990", "--unshare-pid", "--unshare-ipc", "--die-with-parent",
            *self.files, "--ro-bind", RIE, "/var/rie", "--clearenv",
        ]
        for name, value in self.variables.items():
            cage += ["--setenv", name, value]
        return cage + words

    def call(self, event):
        """The function's answer to an event, as the emulator passes it on."""
        if self.process is None:
            self.port = free_port()
            words = [
                "/var/rie", "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", "--runtime-api-address",
                f"127.0.0.1:{free_port()}", *self.program,
            ]
            self.log = open(f"{FOLDER}/{self.name}.log", "wb")
            self.process = subprocess.Popen(self.command(words), stdout=self.log, stderr=self.log)
        address = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        while True:
            try:
                with urllib.request.urlopen(address, json.dumps(event).encode(), timeout=self.timeout + 60) as answer:
                    return answer.read().decode()
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError) or self.process.poll() is not None:
                    raise SystemExit(f"{self.name}: {error}\n" + pathlib.Path(self.log.name).read_text(errors="replace"))
                time.sleep(0.05)

    def end(self):
        if self.process is not None:
            # Whoever started this program may hold signals back that can be; bubblewrap takes the rest with it.
            self.process.kill()
            self.process.wait()


class Image:
    """An image that jobs or a function run in: everything is read from the registry by its digest, and the digest looked at."""

    def __init__(self, reference):
        self.host, _, rest = reference.partition("/")
        self.repository, _, digest = rest.partition("@")
        manifest = json.loads(self.pull("manifests", digest))
        settings = json.loads(self.pull("blobs", manifest["config"]["digest"]))["config"]
        self.words = settings.get("Entrypoint", []) + settings.get("Cmd", [])
        self.folder = settings.get("WorkingDir") or "/"
        self.variables = dict(one.split("=", 1) for one in settings.get("Env", []))
        self.root = pathlib.Path(FOLDER, digest.replace(":", "-"))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.pull("blobs", layer["digest"]))) as archive:
                # Newer Pythons ask how; older ones do not know the question.
                archive.extraction_filter = getattr(tarfile, "tar_filter", None)
                archive.extractall(self.root)

    def files(self, binding, places=()):
        """Where a container has what. Places are files that something else is put upon."""
        for name in ("dev", "proc", "tmp"):
            (self.root / name).mkdir(exist_ok=True)
        for name in places:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).touch()
        return [binding, str(self.root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]

    def pull(self, kind, digest):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": ORIGIN}))
        request = urllib.request.Request(
            f"http://{self.host}/v2/{self.repository}/{kind}/{digest}",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        with opener.open(request, timeout=60) as answer:
            content = answer.read()
        if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
            raise SystemExit(f"the registry has something else as {digest}")
        return content

    def run(self, variables):
        """Starts the image's entry point with its variables and these; gives its exit code and what it said."""
        cage = [
            "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--die-with-parent", *self.files("--bind"),
            "--chdir", self.folder, "--clearenv",
        ]
        for name, value in (self.variables | variables).items():
            cage += ["--setenv", name, value]
        result = subprocess.run(cage + self.words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        return result.returncode, result.stdout.decode(errors="replace")


class Images(dict):
    """Images by their reference, each pulled when it is wanted first."""

    def __missing__(self, reference):
        self[reference] = Image(reference)
        return self[reference]


class Job:
    """A job that was submitted, as Batch knows it."""

    def __init__(self, identifier, size):
        self.identifier, self.size = identifier, size
        found = batch.describe_jobs(jobs=[identifier])["jobs"][0]
        self.queue = found["jobQueue"]
        self.definition = batch.describe_job_definitions(jobDefinitions=[found["jobDefinition"]])["jobDefinitions"][0]
        self.variables = {one["name"]: one["value"] for one in found["container"]["environment"]}

    def children(self):
        """The variables of each child, of a job that is none its own."""
        container = self.definition["containerProperties"]
        # Batch's own, and what stands for the container's credentials, and for a network in which AWS is there.
        own = self.variables | {
            "AWS_BATCH_JQ_NAME": self.queue.split("/")[-1], "AWS_BATCH_JOB_ATTEMPT": "1",
            "AWS_ACCESS_KEY_ID": key_of(container["jobRoleArn"]),
            "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"], "AWS_ENDPOINT_URL": ORIGIN,
        }
        if self.size == 1:
            yield own | {"AWS_BATCH_JOB_ID": self.identifier}
            return
        for index in range(self.size):
            yield own | {
                "AWS_BATCH_JOB_ID": f"{self.identifier}:{index}", "AWS_BATCH_JOB_ARRAY_INDEX": str(index)}


def objects():
    """Every object of the account, with what changes when it is written anew."""
    found = {}
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for item in page.get("Contents", []):
                found[bucket["Name"], item["Key"]] = (item["ETag"].strip('"'), item["LastModified"], item["Size"])
    return found


def may_call(bucket, arn):
    """Whether the function's policy lets the bucket call it: S3 asks before it takes a notification."""
    name, qualifier = arn.split(":")[6:]
    policy = json.loads(functions.get_policy(FunctionName=name, Qualifier=qualifier)["Policy"])
    return any(
        statement["Effect"] == "Allow" and statement["Principal"].get("Service") == "s3.amazonaws.com"
        and f"arn:aws:s3:::{bucket}" in json.dumps(statement["Condition"]) and ACCOUNT in json.dumps(statement["Condition"])
        for statement in policy["Statement"])


def events(bucket, key, tag, size):
    """The events that the bucket's notifications want sent for an object, and to whom. S3, "Event message structure"."""
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    for one in configuration.get("LambdaFunctionConfigurations", []):
        rules = {rule["Name"].lower(): rule["Value"] for rule in one.get("Filter", {}).get("Key", {}).get("FilterRules", [])}
        if not key.startswith(rules.get("prefix", "")) or not key.endswith(rules.get("suffix", "")):
            continue
        if "s3:ObjectCreated:*" not in one["Events"]:
            continue
        if not may_call(bucket, one["LambdaFunctionArn"]):
            raise SystemExit(f"{bucket} may not call {one['LambdaFunctionArn']}")
        yield one["LambdaFunctionArn"].split(":")[6], {"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "EXAMPLE"},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": one["Id"],
                "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                "object": {
                    "key": urllib.parse.quote_plus(key, safe="/"), "size": size, "eTag": tag,
                    "sequencer": "0055AED6DCD90281E5"},
            }}]}


def jobs(answer):
    """The jobs that a function handed over."""
    try:
        handed = json.loads(answer).get("jobs", [])
    except (ValueError, AttributeError):
        return []
    return [Job(one["jobId"], one["size"]) for one in handed]


def main():
    cages, images = {}, Images()
    known = objects()
    s3.upload_file(FILE, BUCKET, KEY)
    waiting = collections.deque()
    calls = 0
    try:
        while True:
            now = objects()
            for place in sorted(now):
                if known.get(place) != now[place]:
                    tag, _, size = now[place]
                    waiting.extend(events(*place, tag, size))
            known = now
            if not waiting:
                return
            name, event = waiting.popleft()
            calls += 1
            if calls > MOST_CALLS:
                raise SystemExit("the functions call each other without end")
            if name not in cages:
                cages[name] = Cage(name, images)
            answer = cages[name].call(event)
            print(json.dumps({"function": name, "event": event, "answer": answer}), flush=True)
            for job in jobs(answer):
                reference = job.definition["containerProperties"]["image"]
                for variables in job.children():
                    code, said = images[reference].run(variables)
                    print(json.dumps({"job": name, "code": code, "log": said, "image": reference}), flush=True)
    finally:
        for cage in cages.values():
            cage.end()


main()
