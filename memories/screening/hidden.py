"""Characters that no reader sees and a model reads: tags, bidirectional controls, zero widths."""

import re

_ALWAYS = (
    "\x00-\x08\x0e-\x1f\x7f"  # control characters but white space
    "\u115f\u1160\u3164\uffa0"  # fillers
    "\u180e\u200b\u2060-\u2064\ufeff"  # zero width
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # bidirectional controls
    "\ufff9-\ufffb"  # interlinear annotations
    "\U000e0000-\U000e007f"  # tags: a second, invisible ASCII
)
_FLAGS_OF_REGIONS = "\U0001f3f4\U000e0067\U000e0062(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in region) for region in ("eng", "sct", "wls"))
)
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_HIDDEN = re.compile(
    rf"(?P<kept>{_FLAGS_OF_REGIONS})"
    rf"|[{_ALWAYS}]+"
    rf"|[{_SELECTORS}]{{2,}}"  # one chooses how a sign is drawn; more of them are a message
    rf"|[{_JOINERS}]{{2,}}"
    rf"|(?<![^\x00-\x7f])[{_JOINERS}](?![^\x00-\x7f])"  # Persian, Hindi and emoji need them; English does not
)


def strip_hidden(text: str) -> str:
    """Returns the text without characters that are not seen, as far as no script and no emoji needs them."""
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(lambda found: found["kept"] or "", text)
