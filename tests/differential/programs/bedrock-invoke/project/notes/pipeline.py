import json

import boto3

from . import bodies

bedrock = boto3.client("bedrock-runtime", region_name="us-east-1")

CLAUDE = "anthropic.claude-3-5-haiku-20241022-v1:0"
EMBEDDING = "amazon.titan-embed-text-v2:0"
NOTE = "Meeting of the choir: the concert moves to the third of May, the altos rehearse on Thursdays, the piano is out of tune."


def invoke(model_id: str, body: dict) -> dict:
    response = bedrock.invoke_model(modelId=model_id, body=json.dumps(body), accept="application/json")
    return json.loads(response["body"].read())


def heading(note: str) -> str:
    body = bodies.claude("You give headings of at most five words.", f"A heading for this note:\n{note}", 30)
    return invoke(CLAUDE, body)["content"][0]["text"]


def vector(note: str) -> list[float]:
    return invoke(EMBEDDING, bodies.titan_embedding(note))["embedding"]


def main():
    print(heading(NOTE), len(vector(NOTE)))


if __name__ == "__main__":
    main()
