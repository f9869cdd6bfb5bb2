import boto3
from botocore.config import Config

REGION = "eu-central-1"


def runtime():
    config = Config(region_name=REGION, read_timeout=120, retries={"total_max_attempts": 4, "mode": "standard"})
    return boto3.client("bedrock-runtime", config=config)
