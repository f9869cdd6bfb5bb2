from typing import Literal

from pydantic import BaseModel, Field


class Ticket(BaseModel):
    product: Literal["app", "web", "billing"]
    urgent: bool
    summary: str = Field(description="One sentence in English")
