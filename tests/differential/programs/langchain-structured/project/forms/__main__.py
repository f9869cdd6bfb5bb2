from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field


class Booking(BaseModel):
    """A booking of a boat."""

    boat: str
    hours: int = Field(description="How long, in hours")


small = ChatOpenAI(model="gpt-4o-mini", max_tokens=200).with_structured_output(Booking)
large = ChatOpenAI(model="gpt-4o", max_tokens=200).with_structured_output(Booking)
reader = small.with_fallbacks([large])


def main():
    print(reader.invoke("We would like the blue rowing boat for three hours."))


main()
