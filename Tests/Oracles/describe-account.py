"""What there is for a function, and what it is like, as botocore sees it: the same whoever has made it.

Usage: describe-account.py FUNCTION

Roles, instance profiles and compute environments are called by what they are for, as their names may be a tool's choice; the
default network's parts by where they are, as they have other names in each account.
Left out is what says who made something, and what changes by itself: tags, times, revisions, statements' names.
"""

import json
import sys

import botocore.session

NAME = sys.argv[1]
SESSION = botocore.session.get_session()
functions, iam, batch, events, logs, s3, ec2 = (
    SESSION.create_client(name) for name in ("lambda", "iam", "batch", "events", "logs", "s3", "ec2"))


def only(item, *names):
    return {name: item[name] for name in names if item.get(name) not in (None, [], {}, "")}


def without(item, *names):
    return {name: value for name, value in item.items() if name not in names and value not in (None, [], {}, "")}


def roles():
    found = {}
    for role in iam.list_roles()["Roles"]:
        if role["Path"].startswith("/aws-service-role/"):
            continue
        name = role["RoleName"]
        policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
        found[name] = {
            "purpose": role["Description"], "trust": role["AssumeRolePolicyDocument"],
            "policies": {one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in policies},
            "managed": [one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]],
        }
    return found


def function():
    settings = functions.get_function_configuration(FunctionName=NAME, Qualifier="live")
    code = functions.get_function(FunctionName=NAME, Qualifier="live")["Code"]
    said = only(
        settings, "FunctionName", "FunctionArn", "Role", "Runtime", "Handler", "CodeSha256", "Description", "Timeout",
        "MemorySize", "EphemeralStorage", "Architectures", "Environment", "FileSystemConfigs", "DeadLetterConfig",
        "PackageType", "Version")
    said["VpcConfig"] = only(settings.get("VpcConfig") or {}, "SubnetIds", "SecurityGroupIds")
    said["layers"] = [layer["Arn"] for layer in settings.get("Layers", [])]
    said["image"] = code.get("ImageUri")
    try:
        policy = json.loads(functions.get_policy(FunctionName=NAME, Qualifier="live")["Policy"])["Statement"]
    except functions.exceptions.ResourceNotFoundException:
        policy = []
    said["callers"] = sorted((without(one, "Sid") for one in policy), key=json.dumps)
    return said


def layers():
    for layer in functions.list_layers()["Layers"]:
        for version in functions.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]:
            one = functions.get_layer_version(LayerName=layer["LayerName"], VersionNumber=version["Version"])
            yield only(one, "LayerVersionArn", "Description", "CompatibleRuntimes", "CompatibleArchitectures") | {
                "CodeSha256": one["Content"]["CodeSha256"]}


def triggers():
    for one in functions.list_event_source_mappings()["EventSourceMappings"]:
        yield only(
            one, "EventSourceArn", "FunctionArn", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes",
            "ScalingConfig", "State")


def rules():
    for bus in events.list_event_buses()["EventBuses"]:
        for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
            said = only(rule, "Name", "Arn", "ScheduleExpression", "State", "Description", "EventBusName")
            said["pattern"] = json.loads(rule.get("EventPattern") or "null")
            said["targets"] = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
            yield said


def network():
    found = {one["SubnetId"]: f"<subnet {one['AvailabilityZone']}>" for one in ec2.describe_subnets()["Subnets"]}
    return found | {one["GroupId"]: f"<group {one['GroupName']}>" for one in ec2.describe_security_groups()["SecurityGroups"]}


def environments(names):
    for one in batch.describe_compute_environments()["computeEnvironments"]:
        said = only(one, "computeEnvironmentArn", "type", "state", "computeResources", "serviceRole")
        for list in ("subnets", "securityGroupIds"):
            said["computeResources"][list] = sorted(names.get(name, name) for name in said["computeResources"][list])
        yield said


def definitions():
    for one in batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]:
        said = without(one, "tags", "retryStrategy", "parameters", "timeout")
        for container in [said.get("containerProperties", {})] + [
            item["container"] for item in said.get("nodeProperties", {}).get("nodeRangeProperties", [])
        ]:
            for key in [key for key, value in container.items() if value in ([], {}, "", None)]:
                del container[key]
        yield said


def main():
    by_role = roles()
    made = batch.describe_compute_environments()["computeEnvironments"]
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    state = {
        "function": function(), "layers": list(layers()), "triggers": list(triggers()), "rules": list(rules()),
        "roles": sorted(by_role.values(), key=json.dumps),
        "profiles": [[by_role[role["RoleName"]]["purpose"] for role in one["Roles"]] for one in profiles],
        "environments": list(environments(network())),
        "queues": [
            without(one, "tags") for one in batch.describe_job_queues()["jobQueues"]],
        "definitions": list(definitions()),
        "logs": [only(one, "logGroupName", "retentionInDays") for one in logs.describe_log_groups()["logGroups"]],
        "buckets": sorted(one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"] != "packages"),
    }
    text = json.dumps(state, sort_keys=True)
    names = [("role", name, role["purpose"]) for name, role in by_role.items()]
    names += [("instance-profile", one["InstanceProfileName"], "profile") for one in profiles]
    names += [("compute-environment", one["computeEnvironmentName"], "environment") for one in made]
    for kind, name, purpose in names:
        text = text.replace(f'{kind}/{name}"', f'{kind}/<{purpose}>"')
    print(json.dumps(json.loads(text), sort_keys=True, indent=1))


main()
