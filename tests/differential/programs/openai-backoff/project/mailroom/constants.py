from enum import Enum


class Models(str, Enum):
    FAST = "gpt-4.1-nano"
    GOOD = "gpt-4.1-mini"


MAX_TRIES = 4
