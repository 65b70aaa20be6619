"""Everything in an account that a publication can make, one a line, as botocore sees it."""

import botocore.session

SESSION = botocore.session.get_session()
LISTS = [
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("lambda-core", "list_runtimes", "Items", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName"),
    ("batch", "describe_job_queues", "jobQueues", "jobQueueName"),
    ("batch", "describe_job_definitions", "jobDefinitions", "jobDefinitionName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("apigatewayv2", "get_apis", "Items", "Name"),
    ("apigateway", "get_rest_apis", "items", "name"),
]

events = SESSION.create_client("events")
for bus in events.list_event_buses()["EventBuses"]:
    for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
        print("events", rule["Name"])
for service, operation, members, name in LISTS:
    client = SESSION.create_client(service)
    for item in getattr(client, operation)().get(members, []):
        # Roles of AWS's own stay for good, and so do definitions that no job can be made from any more; runtimes stay
        # for days.
        if item.get("Path", "").startswith("/aws-service-role/") or item.get("status") == "INACTIVE":
            continue
        if item.get("State") == "PENDING_DELETION":
            continue
        print(service, item[name])
