"""How much of each recipe's image is left with each profile, and whether its tests pass on what is left."""

import json
import os
import shutil
import subprocess

from cost import NotMeasured, remove, say

RECIPES = ("ffmpeg", "imagemagick", "ruby", "r", "erlang", "elixir", "python")
PROFILES = ("none", "safe", "closure", "traced")
# The most that may be left, as a share of what `none` leaves.
TARGETS = {(recipe, "closure"): 1 / 3 for recipe in RECIPES} | {
    ("ruby", "closure"): 1 / 10, ("elixir", "closure"): 1 / 10, ("ruby", "traced"): 1 / 20, ("elixir", "traced"): 1 / 20}


def variant(recipes, recipe, profile):
    """The recipe with another profile, beside the files that it names."""
    with open(os.path.join(recipes, f"{recipe}.json")) as stream:
        text = json.load(stream)
    text.pop("$schema", None)
    text["prune"] = {**text.get("prune", {}), "profile": profile}
    path = os.path.join(recipes, f"{recipe}-{profile}.json")
    with open(path, "w") as stream:
        json.dump(text, stream)
    return path


def unpacked(scar_build, path, out):
    """Bytes that are left."""
    scar_build.meter.prepare([scar_build.executable, "build", path, "-o", out, "--target", "squashfs", "--cache",
                              scar_build.cache("pruning"), "--mirror", scar_build.mirror, "--quiet"])
    with open(os.path.join(out, "report.json")) as stream:
        size = json.load(stream)["unpackedSize"]
    remove(out)
    return size


def passes(scar_build, path):
    """Whether the recipe's tests pass on the package."""
    done = subprocess.run([scar_build.executable, "test", path, "--cache", scar_build.cache("pruning"), "--quiet", "--json"],
                          env={**os.environ, "SCAR_BUILD_MIRRORS": scar_build.mirror}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 5):
        raise NotMeasured(f"scar-build test: {done.stderr.strip().splitlines()[-1:]}")
    return done.returncode == 0


def measure(scar_build, folder):
    """For each recipe and profile, bytes and whether the tests pass."""
    recipes = os.path.join(folder, "recipes")
    shutil.copytree(os.path.dirname(scar_build.demo), recipes)
    figures = {}
    for recipe in RECIPES:
        for profile in PROFILES:
            path = variant(recipes, recipe, profile)
            figures.setdefault(recipe, {})[profile] = {
                "bytes": unpacked(scar_build, path, os.path.join(folder, "out")), "passes": passes(scar_build, path)}
            say(f"  {recipe}, {profile}: {figures[recipe][profile]}")
    remove(scar_build.cache("pruning"), recipes)
    return figures


def findings(figures):
    for (recipe, profile), target in TARGETS.items():
        share = figures[recipe][profile]["bytes"] / figures[recipe]["none"]["bytes"]
        yield (f"{recipe}, profile `{profile}`: what is left", "profile `none`", f"at most 1/{1 / target:.0f}",
               f"1/{1 / share:.1f}", share <= target)
    failing = [f"{recipe} with {profile}" for recipe, profiles in figures.items()
               for profile, figure in profiles.items() if not figure["passes"]]
    yield ("recipes' tests on what each profile leaves", "", "all pass", ", ".join(failing) or "all pass", not failing)


def table(figures):
    lines = ["| recipe | unpruned, MB | safe, MB | closure, MB | traced, MB | closure is | traced is |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for recipe, profiles in figures.items():
        sizes = {profile: figure["bytes"] for profile, figure in profiles.items()}
        lines.append(f"| {recipe} | " + " | ".join(f"{sizes[profile] / 1e6:.1f}" for profile in PROFILES)
                     + "".join(f" | 1/{sizes['none'] / sizes[profile]:.1f}" for profile in ("closure", "traced")) + " |")
    return lines
