"""What AWS does and moto does not, as far as publishing meets it."""

import json

import moto.apigatewayv2.models as apis
import moto.awslambda.models as functions
import moto.batch.models as batch
import moto.ecs.models as ecs
import moto.iam.models as iam
import moto.resourcegroupstaggingapi.models as tagging
from moto.apigatewayv2.exceptions import BadRequestException
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.utils import get_backend
from moto.core.resource_tagging import TaggedResource
from moto.ecr.models import ecr_backends

import lambda_core


def close():
    close_batch()
    close_policies()
    close_layers()
    close_versions()
    close_addresses()
    close_authorizers()
    close_runtimes()
    close_tags()


def close_batch():
    """Batch acts as a role of its own when it is given none, takes other resources for an environment, and tells of nodes."""
    backend = batch.BatchBackend
    create, update = backend.create_compute_environment, backend.update_compute_environment

    def create_compute_environment(self, compute_environment_name, _type, state, compute_resources, service_role, tags=None):
        if not service_role:
            roles = iam.iam_backends[self.account_id][self.partition]
            own = [role for role in roles.roles.values() if role.path == "/aws-service-role/batch.amazonaws.com/"]
            role = own[0] if own else roles.create_service_linked_role("batch.amazonaws.com", "", "")
            service_role = role.arn
        return create(self, compute_environment_name, _type, state, compute_resources, service_role, tags)

    def update_compute_environment(self, compute_environment_name, state, compute_resources, service_role):
        if compute_resources:
            self.get_compute_environment(compute_environment_name).compute_resources.update(compute_resources)
        return update(self, compute_environment_name, state, compute_resources, service_role)

    describe = batch.JobDefinition.describe

    def describe_with_nodes(self):
        nodes = {"nodeProperties": self.node_properties} if self.node_properties is not None else {}
        return describe(self) | nodes

    batch.JobDefinition.describe = describe_with_nodes

    # The tagging service of moto cannot read the tags of the clusters that environments have when there are none.
    cluster = ecs.EC2ContainerServiceBackend.create_cluster

    def create_cluster(self, *arguments, **named):
        made = cluster(self, *arguments, **named)
        made.tags = made.tags or []
        return made

    ecs.EC2ContainerServiceBackend.create_cluster = create_cluster
    backend.create_compute_environment = create_compute_environment
    backend.update_compute_environment = update_compute_environment


def close_policies():
    """Of AWS's own policies there is the one that machines get; moto has all of them or none, and all of them are slow."""
    name = "AmazonEC2ContainerServiceforEC2Role"
    policy = json.loads(iam.aws_managed_policies_data)[name]
    iam.IAMBackend._init_aws_policies = lambda self: [
        iam.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
    ]


def close_layers():
    """Functions look for their layers where those of moto without Docker are."""

    def layers(self, arns):
        found = [get_backend(self.account_id, self.region).layers_versions_by_arn(arn) for arn in arns]
        if not all(found):
            raise functions.UnknownLayerVersionException(arns)
        return [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in found]

    functions.LambdaFunction._get_layers_data = layers


def close_versions():
    """A version stays what it was made from when the function becomes something else, and no number is given twice."""
    update, publish = functions.LambdaFunction.update_function_code, functions.LambdaStorage.publish_version

    def update_function_code(self, updated_spec):
        self.code = dict(self.code)
        return update(self, updated_spec)

    def publish_version(self, name_or_arn, description=""):
        there = list(self.list_versions_by_function(name_or_arn))
        made = publish(self, name_or_arn, description)
        if made is None or made in there:
            return made
        # moto counts the versions that there are.
        latest = self._functions[made.function_name]["latest"]
        latest.versions_made = getattr(latest, "versions_made", 0) + 1
        self._arns.pop(made.function_arn)
        self._arns.update({other.function_arn: other for other in there if other.function_arn == made.function_arn})
        made.set_version(latest.versions_made)
        self._arns[made.function_arn] = made
        return made

    functions.LambdaFunction.update_function_code = update_function_code
    functions.LambdaStorage.publish_version = publish_version


def close_addresses():
    """A function's URL can change between answers that are streamed and others."""
    update = functions.FunctionUrlConfig.update

    def update_with_mode(self, new_config):
        update(self, new_config)
        self.config["InvokeMode"] = new_config.get("InvokeMode") or self.config.get("InvokeMode")

    functions.FunctionUrlConfig.update = update_with_mode


def close_authorizers():
    """An API's authorizers are listed, and no two of them have one name."""
    create = apis.Api.create_authorizer

    def create_authorizer(self, *arguments, name, **named):
        if any(there.name == name for there in self.authorizers.values()):
            raise BadRequestException("Authorizer name must be unique. Authorizer %s already exists" % name)
        return create(self, *arguments, name=name, **named)

    def get_authorizers(self):
        api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
        return 200, {}, json.dumps({"items": [there.to_json() for there in api.authorizers.values()]})

    apis.Api.create_authorizer = create_authorizer
    ApiGatewayV2Response.get_authorizers = get_authorizers


def close_runtimes():
    """Functions run in runtimes that are there, and say in which."""
    function = functions.LambdaFunction
    begin, update, show = function.__init__, function.update_configuration, function.get_configuration

    def take(self, spec):
        self.runtime_config = spec.get("RuntimeConfig", getattr(self, "runtime_config", None))
        if self.run_time != "custom":
            self.runtime_config = None
        elif self.runtime_config is None:
            raise InvalidParameterValueException("a function with the runtime custom says which")
        elif problem := lambda_core.check_function(self.region, self.runtime_config):
            raise InvalidParameterValueException(problem)

    def begin_in_runtime(self, account_id, spec, region, *arguments, **named):
        begin(self, account_id, spec, region, *arguments, **named)
        take(self, spec)

    def update_with_runtime(self, config_updates):
        update(self, config_updates)
        take(self, config_updates)
        return self.get_configuration()

    def show_with_runtime(self, *arguments, **named):
        shown = show(self, *arguments, **named)
        return shown | ({"RuntimeConfig": self.runtime_config} if getattr(self, "runtime_config", None) else {})

    function.__init__, function.update_configuration = begin_in_runtime, update_with_runtime
    function.get_configuration = show_with_runtime


def close_tags():
    """Repositories are among what has tags."""

    class Repositories:
        def __init__(self, backend):
            self.backend = backend

        def iter_tagged_resources(self):
            for repository in list(self.backend.repositories.values()):
                tags = self.backend.tagger.get_tag_dict_for_resource(repository.arn)
                yield TaggedResource(arn=repository.arn, resource_type="ecr:repository", tags=tags)

    others = tagging.iter_taggable_backends

    def all_backends(account_id, region_name):
        yield from others(account_id, region_name)
        yield Repositories(ecr_backends[account_id][region_name])

    tagging.iter_taggable_backends = all_backends
