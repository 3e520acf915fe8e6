"""An image of a stranger becomes one of ours. Only the child process of `loci.media.sandbox` imports this."""

import io
import warnings

from PIL import Image, ImageOps

from loci.media import limits

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
QUALITY = 90

Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class TooManyPixels(Exception):
    """The image would need more memory than it is worth."""


def redrawn(content: bytes) -> bytes:
    """Returns the first frame as an upright JPEG of at most 2,048 pixels a side, on white, without any metadata.

    Raises `TooManyPixels`, and whatever Pillow raises for what is no image.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.draft("RGB", (limits.LONGEST_SIDE, limits.LONGEST_SIDE))
            image.thumbnail((limits.LONGEST_SIDE, limits.LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise TooManyPixels from None
    drawn = io.BytesIO()
    _on_white(upright).save(drawn, "JPEG", quality=QUALITY)
    return drawn.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    """A new image: it takes pixels from the old one, and no comment, profile or position."""
    layer = image.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer)
    return canvas
