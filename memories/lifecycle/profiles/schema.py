"""What profiles look like in projects that bring no schema of their own."""

from typing import Any, Final


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _texts(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


DEFAULT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": _text("What they are called."),
        "age": {"type": "integer", "description": "Their age in years."},
        "birthday": _text("When they were born."),
        "location": _text("Where they live."),
        "origin": _text("Where they come from."),
        "occupation": _text("What they do for a living."),
        "employer": _text("For whom they work."),
        "education": _texts("What they study or studied, and where."),
        "languages": _texts("The languages that they speak or learn."),
        "relationship_status": _text("Whether they are single, married and so on."),
        "family": _texts("Partner, children and relatives."),
        "pets": _texts("Their animals."),
        "diet": _text("How they eat."),
        "allergies": _texts("What they do not tolerate."),
        "health": _texts("Illnesses, medicine, and what else matters of their health."),
        "likes": _texts("What they like."),
        "dislikes": _texts("What they do not like."),
        "hobbies": _texts("How they spend their time."),
        "preferences": _texts("How they want things to be done, or to be treated."),
    },
    "additionalProperties": False,
}
