"""Customer-managed runtimes, which moto does not know: what botocore's model and AWS's pages say of their states.

What becomes of a version follows from its image: one whose manifest has the annotation `content` of "refused" is refused
at once, and one with "broken" is taken and fails. Others are made while they are looked at, as aliases are. What is deleted
stays for days, and keeps its name. Lists have pages of two.
"""

import datetime
import itertools
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

from moto.ecr.models import ecr_backends

ROOT = "/2026-10-01/runtimes"
RUNTIME_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,126})?[a-z0-9]")
PART_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?")
ACCOUNT = "123456789012"
PAGE = 2
ALIVE = ("CREATING", "ACTIVE", "UPDATING")
STATE = {"runtimes": {}, "clock": itertools.count()}


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def reset():
    STATE.update(runtimes={}, clock=itertools.count())


def is_meant(request):
    return urlsplit(request["target"]).path.startswith(ROOT)


def invalid(message):
    return Refusal(400, "InvalidParameterValueException", message)


def conflict(message):
    return Refusal(409, "ResourceConflictException", message)


def missing(what):
    return Refusal(404, "ResourceNotFoundException", f"{what} does not exist")


def region_of(request):
    return re.search(r"Credential=[^/]+/\d+/([^/]+)/", request["headers"]["authorization"]).group(1)


def answer(request):
    """The status and the document that the service answers a request with."""
    parts = urlsplit(request["target"])
    path = [unquote(part) for part in parts.path[len(ROOT):].strip("/").split("/") if part]
    runtimes = STATE["runtimes"].setdefault(region_of(request), {})
    try:
        return handle(request, runtimes, path, parse_qs(parts.query), json.loads(request["body"] or b"{}"))
    except Refusal as refusal:
        return refusal.status, {"Type": "User", "message": str(refusal)}, refusal.code


def handle(request, runtimes, path, query, body):
    method, region = request["method"], region_of(request)
    if not path:
        return created(runtimes, region, body) if method == "POST" else page(list(map(shown, runtimes.values())), query)
    runtime = found(runtimes, path[0], f"the runtime {path[0]}")
    if len(path) == 1:
        return delete_runtime(request, runtime) if method == "DELETE" else (200, shown(runtime), None)
    make, change = {"versions": (make_version, None), "aliases": (make_alias, move_alias)}[path[1]]
    items = runtime[path[1]]
    if len(path) == 2:
        if method == "POST":
            return make(runtime, region, body)
        return page([shown(look(item)) for item in items.values()], query)
    item = found(items, path[2], f"{path[1]} {path[2]}")
    if method == "PUT":
        return change(runtime, item, body)
    if method == "DELETE":
        return delete_part(request, runtime, path[1], item)
    return 200, shown(look(item)), None


def found(items, name, what):
    if name not in items:
        raise missing(what)
    return items[name]


def shown(item):
    return {key: value for key, value in item.items() if key[0].isupper()}


def look(item):
    """What is being made is done when it is looked at for the second time."""
    if item["State"] in ("CREATING", "UPDATING"):
        if item["looks"] > 0:
            item["State"] = item["becomes"]
        item["looks"] += 1
    return item


def page(items, query):
    start = int(query.get("nextToken", ["0"])[0])
    more = {"NextToken": str(start + PAGE)} if start + PAGE < len(items) else {}
    return 200, {"Items": items[start:start + PAGE], **more}, None


def now():
    moment = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=next(STATE["clock"]))
    return moment.isoformat()


def named(items, pattern, body):
    name = body["Name"]
    if not pattern.fullmatch(name):
        raise invalid(f"{name} is no name")
    if name in items:
        raise conflict(f"{name} is there already, in the state {items[name]['State']}")
    return name


def created(runtimes, region, body):
    name = named(runtimes, RUNTIME_NAME, body)
    moment = now()
    runtimes[name] = {
        "Name": name, "Arn": f"arn:aws:lambda:{region}:{ACCOUNT}:runtime/{name}", "State": "ACTIVE",
        "Description": body.get("Description", ""), "Created": moment, "LastModified": moment, "versions": {},
        "aliases": {}, "tags": body.get("Tags", {}),
    }
    return 202, {key: value for key, value in shown(runtimes[name]).items() if key != "State"}, None


def must_live(runtime):
    if runtime["State"] != "ACTIVE":
        raise conflict(f"the runtime {runtime['Name']} is {runtime['State']}")


def image_content(uri, region):
    """What the manifest says of its content; Lambda takes one manifest of a repository of its own region."""
    match = re.fullmatch(rf"{ACCOUNT}\.dkr\.ecr\.{region}\.amazonaws\.com/([a-z0-9._/-]+)@(sha256:[0-9a-f]{{64}})", uri)
    repository = ecr_backends[ACCOUNT][region].repositories.get(match.group(1)) if match else None
    images = [image for image in repository.images if image.get_image_digest() == match.group(2)] if repository else []
    if not images:
        raise invalid(f"there is no image {uri}")
    manifest = json.loads(images[0].get_image_manifest())
    if "layers" not in manifest:
        raise invalid(f"{uri} is no image manifest")
    if "lambda.amazonaws.com" not in (repository.policy or ""):
        raise invalid(f"Lambda may not fetch {uri}")
    return manifest.get("annotations", {}).get("content", "")


def make_version(runtime, region, body):
    must_live(runtime)
    name = named(runtime["versions"], PART_NAME, body)
    content = image_content(body["ImageUri"], region)
    if content == "refused":
        raise invalid("the image has no bootstrap that starts the runtime")
    moment = now()
    version = {
        "Name": name, "Arn": f"{runtime['Arn']}/version/{name}", "ResolvedUri": body["ImageUri"], "State": "CREATING",
        "Created": moment, "LastModified": moment, "looks": 0, "becomes": "FAILED" if content == "broken" else "ACTIVE",
    }
    if not body.get("DryRun"):
        runtime["versions"][name] = version
    return 201, shown(version), None


def usable_version(runtime, body):
    version = found(runtime["versions"], body["RuntimeVersion"], f"the version {body['RuntimeVersion']}")
    if version["State"] != "ACTIVE":
        raise conflict(f"the version {version['Name']} is {version['State']}")
    return version


def make_alias(runtime, region, body):
    must_live(runtime)
    name = named(runtime["aliases"], PART_NAME, body)
    version = usable_version(runtime, body)
    moment = now()
    runtime["aliases"][name] = {
        "Name": name, "Arn": f"{runtime['Arn']}/alias/{name}", "RuntimeVersion": version["Name"],
        "RuntimeVersionArn": version["Arn"], "State": "CREATING", "Created": moment, "LastModified": moment, "looks": 0,
        "becomes": "ACTIVE",
    }
    return 201, shown(runtime["aliases"][name]), None


def move_alias(runtime, alias, body):
    if alias["State"] != "ACTIVE":
        raise conflict(f"the alias {alias['Name']} is {alias['State']}")
    version = usable_version(runtime, body)
    alias.update(
        RuntimeVersion=version["Name"], RuntimeVersionArn=version["Arn"], State="UPDATING", looks=0, LastModified=now())
    return 200, {"RuntimeName": runtime["Name"], **shown(alias)}, None


def leave(request, item):
    days = int(request["headers"].get("x-amzn-runtime-recovery-window-in-days", "30"))
    if not 7 <= days <= 30:
        raise invalid(f"{days} days")
    item["State"] = "PENDING_DELETION"
    item["PendingDeletionAt"] = now()
    return 202, {}, None


def delete_part(request, runtime, kind, item):
    if item["State"] not in ("ACTIVE", "FAILED"):
        raise conflict(f"{item['Name']} is {item['State']}")
    users = [alias for alias in runtime["aliases"].values() if alias["State"] in ALIVE]
    if kind == "versions" and any(alias["RuntimeVersion"] == item["Name"] for alias in users):
        raise conflict(f"an alias stands for the version {item['Name']}")
    return leave(request, item)


def delete_runtime(request, runtime):
    must_live(runtime)
    parts = itertools.chain(runtime["versions"].values(), runtime["aliases"].values())
    if rest := [part["Name"] for part in parts if part["State"] in (*ALIVE, "FAILED")]:
        raise conflict(f"the runtime {runtime['Name']} has {', '.join(rest)}")
    return leave(request, runtime)


def check_function(region, configuration):
    """What is wrong with a function's runtime; None when nothing is."""
    name, alias = configuration["RuntimeArn"].split("/")[-1], configuration["RuntimeAlias"]
    runtime = STATE["runtimes"].get(region, {}).get(name)
    there = runtime and runtime["Arn"] == configuration["RuntimeArn"] and runtime["aliases"].get(alias)
    if not there or runtime["State"] != "ACTIVE" or there["State"] not in ("ACTIVE", "UPDATING"):
        return f"there is no alias {alias} of the runtime {configuration['RuntimeArn']}"
    return None
