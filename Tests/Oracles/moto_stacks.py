"""What CloudFormation makes of a template and moto's does not, as far as templates of ours meet it.

moto reads the template, works out references and order, and leaves out properties, and one resource, that it does not know.
Here each goes to the same backend that the service's own API goes to, with the properties as they are.
"""

import json
import random

import moto.awslambda.models as functions
import moto.batch.models as batch
import moto.iam.models as iam
import moto.logs.models as logs
from moto.awslambda.utils import get_backend
from moto.core.common_models import CloudFormationModel


def close():
    close_roles()
    close_functions()
    close_permissions()
    close_jobs()
    close_logs()


def tags_of(properties):
    """Tags as a map, however they are written."""
    tags = properties.get("Tags") or {}
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def makes(model):
    """Replaces how a resource is made."""

    def replaced(create):
        def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **others):
            return create(resource_name, cloudformation_json["Properties"], account_id, region_name)

        model.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
        return create

    return replaced


def close_roles():
    @makes(iam.Role)
    def create_role(name, properties, account, region):
        backend = iam.iam_backends[account]["aws"]
        role = backend.create_role(
            name, json.dumps(properties["AssumeRolePolicyDocument"]), "/", "", properties["Description"], [], 3600)
        for policy in properties.get("Policies", []):
            backend.put_role_policy(name, policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
        for policy in properties.get("ManagedPolicyArns", []):
            backend.attach_role_policy(policy, name)
        return role


class Alias(CloudFormationModel):
    """AWS::Lambda::Alias."""

    # moto tells by the module which service a model belongs to.
    __module__ = functions.__name__

    def __init__(self, arn):
        self.arn = arn

    @property
    def physical_resource_id(self):
        return self.arn

    @staticmethod
    def cloudformation_name_type():
        return None

    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **others):
        wanted = cloudformation_json["Properties"]
        made = get_backend(account_id, region_name).create_alias(
            wanted["Name"], wanted["FunctionName"], str(wanted["FunctionVersion"]), wanted.get("Description", ""), None)
        return cls(made.arn)


def close_functions():
    @makes(functions.LambdaFunction)
    def create_function(name, properties, account, region):
        properties["Tags"] = tags_of(properties)
        return get_backend(account, region).create_function(properties)

    @makes(functions.LayerVersion)
    def create_layer(name, properties, account, region):
        return get_backend(account, region).publish_layer_version(properties)

    # What a reference to it is: the version's ARN.
    functions.LayerVersion.physical_resource_id = property(lambda self: self.arn)

    @makes(functions.EventSourceMapping)
    def create_mapping(name, properties, account, region):
        properties["Tags"] = tags_of(properties)
        return get_backend(account, region).create_event_source_mapping(properties)

    functions.LambdaVersion.has_cfn_attr = classmethod(lambda cls, name: name == "Version")
    functions.LambdaVersion.get_cfn_attribute = lambda self, name: self.version


def close_permissions():
    @makes(functions.Permission)
    def create_permission(name, properties, account, region):
        function, _, qualifier = properties["FunctionName"].partition(":function:")[2].partition(":")
        statement = properties | {"StatementId": f"stack-{random.getrandbits(64)}"}
        del statement["FunctionName"]
        get_backend(account, region).add_permission(function, qualifier, json.dumps(statement))
        return functions.Permission(region)


def lowered(json, keeps=("options",)):
    """Names as the API has them, but for what a log driver is told."""
    if isinstance(json, list):
        return [lowered(item) for item in json]
    if not isinstance(json, dict):
        return json
    names = {name: name[0].lower() + name[1:] for name in json}
    return {names[name]: value if names[name] in keeps else lowered(value) for name, value in json.items()}


def close_jobs():
    @makes(batch.ComputeEnvironment)
    def create_environment(name, properties, account, region):
        return batch.batch_backends[account][region].create_compute_environment(
            name, properties["Type"], properties["State"], lowered(properties["ComputeResources"]),
            properties.get("ServiceRole"), tags_of(properties))

    @makes(batch.JobDefinition)
    def register(name, properties, account, region):
        wanted = lowered({key: value for key, value in properties.items() if key != "Tags"})
        return batch.batch_backends[account][region].register_job_definition(
            wanted["jobDefinitionName"], {}, wanted["type"], tags_of(properties), None,
            wanted.get("containerProperties"), wanted.get("nodeProperties"), None, None,
            wanted["platformCapabilities"], wanted["propagateTags"])


def close_logs():
    @makes(logs.LogGroup)
    def create_group(name, properties, account, region):
        backend = logs.logs_backends[account][region]
        group = backend.create_log_group(properties["LogGroupName"], tags_of(properties))
        backend.put_retention_policy(properties["LogGroupName"], properties["RetentionInDays"])
        return group
