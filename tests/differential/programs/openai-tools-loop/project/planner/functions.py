"""What the model may call."""

import json

ROOMS = {"Tuesday": ["Oslo"], "Friday": ["Oslo", "Rome"]}


def free_rooms(day: str, hour: int) -> str:
    return json.dumps(ROOMS.get(day, []))


def book_room(room: str, day: str, hour: int) -> str:
    return f"{room} is booked for {day} at {hour}:00"


FUNCTIONS = {"free_rooms": free_rooms, "book_room": book_room}

SPECS = [
    {
        "type": "function",
        "function": {
            "name": "free_rooms",
            "description": "Rooms that are free on a day at an hour",
            "parameters": {
                "type": "object",
                "properties": {
                    "day": {"type": "string", "enum": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]},
                    "hour": {"type": "integer", "description": "From 8 to 18"},
                },
                "required": ["day", "hour"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "book_room",
            "description": "Books a room",
            "parameters": {
                "type": "object",
                "properties": {
                    "room": {"type": "string"},
                    "day": {"type": "string"},
                    "hour": {"type": "integer"},
                },
                "required": ["room", "day", "hour"],
            },
        },
    },
]
