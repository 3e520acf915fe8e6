"""A profile by a language model: one structured call, and one repair where its answer does not fit the schema."""

import json
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from django.conf import settings
from pydantic import BaseModel, BeforeValidator, ConfigDict

from loci.http.parser import UnsafeTreeError, check_tree
from loci.net.chat import Message, complete
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget
from memories.extraction.asking import valid_answer
from memories.extraction.llm_schema import InvalidAnswerError, clean, parse
from memories.json_schemas import Json, misfits, resolved, told
from memories.lifecycle.profiles.plain import Material

PROMPT = Path(__file__).parent / "prompts" / "profile-1.md"
MEMORY_CHARS = 500
MAX_PROFILE_BYTES = 32 * 1024


def _as_text(profile: Any) -> Any:
    """Small models answer with the object itself, where its text is asked for."""
    return json.dumps(profile) if isinstance(profile, dict) else profile


class ProfileAnswer(BaseModel):
    """The answer to the prompt `profile`. The profile is a text: strict endpoints refuse objects of any form."""

    model_config = ConfigDict(strict=True)

    profile: Annotated[str, BeforeValidator(_as_text)]


def written_by(model: Endpoint, material: Material, schema: Json, instructions: str) -> Json:
    """Returns the profile that the model makes of the material: it fits the schema, but for what is required in it.

    The model sees numbers for memories, and no id, tenant or entity. Raises `DependencyError`.
    """
    budget = Budget(settings.LLM_BUDGET_S, calls=2)
    data = {
        "schema": schema,
        "instructions": instructions,
        "attributes": {key: value for key, value in material.attributes.items() if value},
        "memories": [
            {
                "number": number,
                "text": memory.text[:MEMORY_CHARS],
                "categories": memory.categories or [],
                "date": memory.updated_at.date().isoformat(),
            }
            for number, memory in enumerate(material.memories)
        ],
    }

    def ask(messages: Sequence[Message]) -> str:
        return complete(model, messages, ProfileAnswer, budget).text

    return valid_answer(ask, prompt=_prompt(), data=data, read=partial(_read, schema), model=model.model)


def _read(schema: Json, text: str) -> Json:
    """The profile in an answer, without what is null and what the schema does not name."""
    try:
        profile = clean(json.loads(parse(text, ProfileAnswer).profile))
        check_tree(profile)
    except (UnsafeTreeError, ValueError, RecursionError) as error:
        raise error if isinstance(error, InvalidAnswerError) else InvalidAnswerError("`profile` is no JSON") from None
    if not isinstance(profile, dict) or len(json.dumps(profile)) > MAX_PROFILE_BYTES:
        raise InvalidAnswerError("`profile` is no object, or too large")
    named = resolved(schema, schema).get("properties", {})
    known = {name: _without_nulls(value) for name, value in profile.items() if name in named and value is not None}
    if unfit := [misfit for misfit in misfits(schema, known) if misfit.rule != "required"]:
        raise InvalidAnswerError(told(unfit))
    return known


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


@cache
def _prompt() -> str:
    return PROMPT.read_text()
