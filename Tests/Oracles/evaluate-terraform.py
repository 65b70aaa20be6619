"""What Terraform itself makes of a configuration of ours, without its provider for AWS.

Usage: evaluate-terraform.py FOLDER FILE VARIABLES

FILE is the configuration; VARIABLES is a JSON object of values, and what it leaves out has one of ours. Every resource becomes one of the type `terraform_data`, which
is built in and keeps what it is told, and every attribute of one a text that says which it is, such as
`aws_iam_role.frames.arn`. So Terraform reads all expressions, finds the order, and evaluates them; what the arguments are
called it cannot say. Prints the arguments of each resource, by place, as JSON.
"""

import json
import os
import re
import subprocess
import sys

FOLDER, FILE, VARIABLES = sys.argv[1:]
FACTS = {
    "data.aws_caller_identity.current.account_id": "123456789012", "data.aws_region.current.region": "eu-west-1",
    "data.aws_partition.current.partition": "aws", "data.aws_partition.current.dns_suffix": "amazonaws.com",
}


def name(place):
    return place.replace(".", "-")


def rewritten(text):
    """A text with every reference of its expressions replaced; those that are escaped are none."""
    for place, value in FACTS.items():
        text = text.replace("${" + place + "}", value)
    return re.sub(
        r"(?<!\$)\$\{(aws_\w+\.[\w-]+)\.(\w+)\}",
        lambda found: f'${{format("%s.{found[2]}", terraform_data.{name(found[1])}.output.place)}}', text)


def walk(item):
    if isinstance(item, str):
        return rewritten(item)
    if isinstance(item, list):
        return [walk(one) for one in item]
    if isinstance(item, dict):
        return {key: walk(value) for key, value in item.items()}
    return item


def terraform(*words):
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        ["terraform", *words], cwd=FOLDER, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    if done.returncode:
        raise SystemExit(done.stdout.decode(errors="replace"))
    return done.stdout


def main():
    with open(FILE, encoding="utf-8") as file:
        given = json.load(file)
    resources = {}
    for type, items in given["resource"].items():
        for label, arguments in items.items():
            place = f"{type}.{label}"
            after = [f"terraform_data.{name(one)}" for one in arguments.pop("depends_on", [])]
            # What Terraform itself looks at, whatever the resource.
            own = {key: arguments.pop(key) for key in ("lifecycle",) if key in arguments}
            resources[name(place)] = {"input": {"place": place, "arguments": walk(arguments)}, "depends_on": after} | own
    variables = given.get("variable", {})
    open_ones = {
        label: ["one", "two"] if said["type"].startswith("list") else f"the value of {label}"
        for label, said in variables.items() if "default" not in said}
    made = {"resource": {"terraform_data": resources}, "output": walk(given["output"])}
    # A block that is there is one that is not empty.
    made |= {name: given[name] for name in ("//", "variable") if name in given}
    os.makedirs(FOLDER, exist_ok=True)
    with open(f"{FOLDER}/main.tf.json", "w", encoding="utf-8") as file:
        json.dump(made, file)
    with open(f"{FOLDER}/values.tfvars.json", "w", encoding="utf-8") as file:
        json.dump(open_ones | json.loads(VARIABLES), file)
    terraform("init", "-input=false", "-no-color")
    terraform("apply", "-auto-approve", "-input=false", "-no-color", "-var-file=values.tfvars.json")
    state = json.loads(terraform("show", "-json"))
    values = [one["values"]["output"] for one in state["values"]["root_module"]["resources"]]
    print(json.dumps({one["place"]: one["arguments"] for one in values}))


main()
