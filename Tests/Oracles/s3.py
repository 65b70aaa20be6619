"""What AWS's own library sees in an S3 server. Usage: s3.py ENDPOINT ACCESS_KEY SECRET_KEY VERB BUCKET [KEY [FILE]]

make    makes the bucket           put     stores the file
get     fetches into the file      list    prints the keys, one a line
uploads prints how many uploads in parts nobody has completed
"""

import sys

import boto3
from botocore.config import Config

endpoint, access_key, secret_key, verb, bucket, *rest = sys.argv[1:]
client = boto3.client(
    "s3", endpoint_url=endpoint, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
    region_name="us-east-1", config=Config(request_checksum_calculation="when_required", retries={"max_attempts": 2}))
if verb == "make":
    client.create_bucket(Bucket=bucket)
elif verb == "put":
    with open(rest[1], "rb") as file:
        client.put_object(Bucket=bucket, Key=rest[0], Body=file)
elif verb == "get":
    client.download_file(bucket, rest[0], rest[1])
elif verb == "list":
    for one in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        print(one["Key"])
elif verb == "uploads":
    print(len(client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])))
