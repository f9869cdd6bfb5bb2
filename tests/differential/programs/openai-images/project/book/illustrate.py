import base64
from pathlib import Path
from tempfile import gettempdir

from openai import OpenAI

STYLE = "A woodcut in two colours, no letters in the picture."
CHAPTERS = ["A lighthouse in a storm.", "A market under a glass roof.", "An empty railway station at night."]

client = OpenAI()


def illustrate(scene: str, copies: int = 2) -> list[bytes]:
    response = client.images.generate(model="gpt-image-1", prompt=f"{scene} {STYLE}", n=copies, size="1024x1024", quality="low")
    return [base64.b64decode(image.b64_json) for image in response.data]


def main():
    for number, scene in enumerate(CHAPTERS, start=1):
        for copy, data in enumerate(illustrate(scene)):
            Path(gettempdir(), f"chapter-{number}-{copy}.png").write_bytes(data)


if __name__ == "__main__":
    main()
