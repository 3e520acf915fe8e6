"""Images become words: by the vision model that is set up, or by OCR where it is installed (design.md §3)."""

import base64
from pathlib import Path
from typing import Annotated, Any

from django.conf import settings
from pydantic import AfterValidator, BaseModel, ConfigDict

from loci.errors import DependencyError
from loci.media.sandbox import FileRefused, has_ocr, redrawn_image, words_in_image
from loci.net.endpoint import Endpoint, vision_endpoint

PROMPT = Path(__file__).parent / "prompts" / "image-1.md"
MAX_DESCRIPTION = 4_000
NO_EYES = "Nothing here can read images: set VISION_MODEL and an LLM, or install loci[ocr]."
NO_WORDS = "The image has no text that OCR could read."
WITHHELD = "The model that describes images refused this one."


def _short(text: str) -> str:
    return text.strip()[:MAX_DESCRIPTION]


class ImageAnswer(BaseModel):
    """The answer to the prompt `image`."""

    model_config = ConfigDict(strict=True)

    description: Annotated[str, AfterValidator(_short)]


def described(image: bytes) -> str:
    """Returns what an image shows, in at most 4,000 characters. A model sees an image of our own making only.

    Raises `FileRefused` for an image that cannot be read, or not here, and `DependencyError` when the model fails.
    """
    eyes = vision_endpoint()
    if eyes is None and not has_ocr():
        raise FileRefused(NO_EYES)
    drawn = redrawn_image(image)
    text = _seen(eyes, drawn) if eyes else words_in_image(drawn)[:MAX_DESCRIPTION]
    if not text:
        raise FileRefused(NO_WORDS)
    return text


def _seen(eyes: Endpoint, drawn: bytes) -> str:
    from loci.net.chat import complete  # noqa: PLC0415 - the SDK costs 38 MB where no model is set up
    from loci.net.llm import BadRequest, Budget  # noqa: PLC0415 - as above
    from memories.extraction.llm_schema import InvalidAnswerError, parse  # noqa: PLC0415 - as above

    url = f"data:image/jpeg;base64,{base64.b64encode(drawn).decode()}"
    shown = {"type": "image_url", "image_url": {"url": url, "detail": settings.VISION_DETAIL}}
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": PROMPT.read_text()},
        {"role": "user", "content": [shown]},
    ]
    try:
        # Half of the time: the step that reads a file also fetches it and takes it apart.
        answer = complete(eyes, messages, ImageAnswer, Budget(settings.LLM_BUDGET_S / 2, calls=1))
        return parse(answer.text, ImageAnswer).description
    except BadRequest:
        raise FileRefused(WITHHELD) from None
    except InvalidAnswerError as error:
        raise DependencyError(f"{eyes.model} gave no valid answer: {error}") from None
