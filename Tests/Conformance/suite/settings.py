"""Where things are, and names that the contract fixes."""
import os
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FOLDER = os.path.join(REPOSITORY, "Tests", "Conformance")
LIBRARIES = os.path.join(REPOSITORY, ".build", "path-library")
TESTBED = os.path.join(REPOSITORY, "scripts", "testbed")
CACHE = os.path.join(
    os.environ.get("SCAR_TESTBED_CACHE")
    or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "scar-build-testbed"),
    "conformance")

# The form of package whose tree is unpacked at start.
PREFIX = "/tmp/scar/root"
PACKAGE = "/var/task"
USER = 993


class Missing(Exception):
    """Something that this machine does not have: what needs it is skipped, and the reason is shown."""


def say(text):
    print(f"conformance: {text}", file=sys.stderr, flush=True)
