from pydantic import BaseModel, Field, field_validator


class Line(BaseModel):
    text: str
    cents: int = Field(ge=0, description="Price of the line in cents")


class Invoice(BaseModel):
    number: str
    lines: list[Line]

    @field_validator("number")
    @classmethod
    def not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the number of the invoice is missing")
        return value
