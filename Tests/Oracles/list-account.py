"""Everything in an account that a publication can make, one a line, as botocore sees it."""

import botocore.session

SESSION = botocore.session.get_session()
LISTS = [
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("apigatewayv2", "get_apis", "Items", "Name"),
    ("apigateway", "get_rest_apis", "items", "name"),
]
for service, operation, members, name in LISTS:
    client = SESSION.create_client(service)
    for item in getattr(client, operation)().get(members, []):
        print(service, item[name])
