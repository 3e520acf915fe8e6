"""The words in an image, by the optional `rapidocr-onnxruntime`. Only the child of the sandbox imports this."""

from rapidocr_onnxruntime import RapidOCR


def lines(content: bytes) -> list[str]:
    """Returns the lines of text in the image, from top to bottom; none where there are none."""
    rows: list[str] = []
    bottom = 0.0
    found, _ = RapidOCR()(content)
    for (_, (_, top), (_, low), _), text, _score in found or ():
        if rows and (top + low) / 2 < bottom:  # Beside the piece before, not below it.
            rows[-1] += f" {text}"
        else:
            rows.append(text)
        bottom = low
    return rows
