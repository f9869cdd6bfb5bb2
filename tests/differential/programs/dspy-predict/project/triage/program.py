from typing import Literal

import dspy


class Sort(dspy.Signature):
    """Sort the letter of a customer into a queue."""

    letter: str = dspy.InputField()
    queue: Literal["billing", "delivery", "other"] = dspy.OutputField()


sort = dspy.ChainOfThought(Sort)
