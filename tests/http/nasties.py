"""Hostile requests (reliability.md D2): each must be answered with a JSON 4xx and leave nothing behind."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

DEEP = 100_000


@dataclass(frozen=True)
class Nasty:
    """A request body as sent. A `harmless` one is unusual but valid, and may be answered with 2xx."""

    name: str
    body: bytes
    content_type: str = "application/json"
    harmless: bool = False

    def send(self, client: Client, path: str, method: str = "POST") -> Any:
        """Sends the bytes as they are; `client.post` would encode them once more by the charset."""
        return client.generic(method, path, self.body, content_type=self.content_type)

    def __str__(self) -> str:
        return self.name


def with_text(text: str) -> bytes:
    """Returns a body that every endpoint would take and keep, with `text` (JSON source, quoted) as the content."""
    return (
        b'{"messages": [{"role": "user", "content": %(text)s}], "query": %(text)s, "text": %(text)s,'
        b' "user_id": "nasty", "filters": {"user_id": "nasty"}, "infer": false}'
    ) % {b"text": text.encode()}


def with_metadata(value: str) -> bytes:
    """Returns such a body with `value` (JSON source) within its metadata."""
    return with_text('"I like tea"')[:-1] + b', "metadata": {"k": %s}}' % value.encode()


def with_member(member: bytes) -> bytes:
    """Returns such a body with one more member of the object, given as bytes."""
    return with_text('"I like tea"')[:-1] + b", " + member + b"}"


def _nested(opening: str, inner: str, closing: str, depth: int) -> str:
    return opening * depth + inner + closing * depth


GOOD = with_text('"I like tea"')

_TEXTS = [
    Nasty("U+0000 in a text", with_text(r'"a\u0000b"')),
    Nasty("U+0000 alone", with_text(r'"\u0000"')),
    Nasty("raw NUL byte in a text", with_text('"a\x00b"')),
    Nasty("raw control character in a text", with_text('"a\x01b"')),
    Nasty("raw newline in a text", with_text('"a\nb"')),
    Nasty("high surrogate alone", with_text(r'"\ud800"')),
    Nasty("low surrogate alone", with_text(r'"\udc00"')),
    Nasty("surrogates in reverse", with_text(r'"\udc00\ud800"')),
    Nasty("high surrogate before text", with_text(r'"\ud83dhello"')),
    Nasty("surrogate in UTF-8", with_text('"?"').replace(b"?", b"\xed\xa0\x80")),
    Nasty("byte FF", with_text('"?"').replace(b"?", b"\xff")),
    Nasty("cut UTF-8 sequence", with_text('"?"').replace(b"?", b"\xe2\x82")),
    Nasty("overlong UTF-8", with_text('"?"').replace(b"?", b"\xc0\xaf")),
    Nasty("UTF-8 beyond U+10FFFF", with_text('"?"').replace(b"?", b"\xf4\x90\x80\x80")),
    Nasty("unknown escape", with_text(r'"\x41"')),
    Nasty("half an escape", with_text(r'"\u12"')),
    Nasty("text without an end", with_text('"I like tea')),
    Nasty("text in single quotes", with_text("'I like tea'")),
]

_METADATA = [
    Nasty("U+0000 in metadata", with_metadata(r'"a\u0000b"')),
    Nasty("U+0000 in a key of metadata", with_metadata(r'{"a\u0000b": 1}')),
    Nasty("U+0000 deep in metadata", with_metadata(r'[[{"x": ["\u0000"]}]]')),
    Nasty("surrogate in metadata", with_metadata(r'"\ud800"')),
    Nasty("surrogate in a key of metadata", with_metadata(r'{"\udfff": 1}')),
    Nasty("NaN", with_metadata("NaN")),
    Nasty("Infinity", with_metadata("Infinity")),
    Nasty("minus Infinity", with_metadata("-Infinity")),
    Nasty("1e400", with_metadata("1e400")),
    Nasty("minus 1e400", with_metadata("-1e400")),
    Nasty("2^53 + 1", with_metadata(str(2**53 + 1))),
    Nasty("minus 2^53 - 1", with_metadata(str(-(2**53) - 1))),
    Nasty("2^63", with_metadata(str(2**63))),
    Nasty("2^64", with_metadata(str(2**64))),
    Nasty("10^40", with_metadata(str(10**40))),
    Nasty("integer of 5,000 digits", with_metadata("9" * 5_000)),
    Nasty("leading zero", with_metadata("007")),
    Nasty("plus sign", with_metadata("+1")),
    Nasty("hexadecimal number", with_metadata("0x10")),
    Nasty("number without digits", with_metadata("-")),
    Nasty("undefined", with_metadata("undefined")),
    Nasty("Python's None", with_metadata("None")),
    Nasty("trailing comma", with_metadata("[1,]")),
    Nasty("comment", with_metadata("1 /* one */")),
]

_SHAPES = [
    Nasty("40 arrays deep", with_metadata(_nested("[", "1", "]", 40))),
    Nasty("40 objects deep", with_metadata(_nested('{"a":', "1", "}", 40))),
    Nasty("1,000 arrays deep", with_metadata(_nested("[", "1", "]", 1_000))),
    Nasty("1,100 objects deep", with_metadata(_nested('{"a":', "1", "}", 1_100))),
    Nasty("100,000 arrays deep", _nested("[", "1", "]", DEEP).encode()),
    Nasty("100,000 objects deep", _nested('{"a":', "1", "}", DEEP).encode()),
    Nasty("100,000 arrays that never end", b"[" * DEEP),
    Nasty("30,000 values", with_metadata(json.dumps([0] * 30_000))),
    Nasty("30,000 keys", with_metadata(json.dumps(dict.fromkeys(map(str, range(30_000)))))),
    Nasty("3 MB text", with_text('"' + "a" * 3_000_000 + '"')),
    Nasty("3 MB of white space", b" " * 3_000_000 + GOOD),
    Nasty("3 MB key", with_member(b'"%s": 1' % (b"k" * 3_000_000))),
    Nasty("array at the top", b"[" + GOOD + b"]"),
    Nasty("empty array at the top", b"[]"),
    Nasty("text at the top", b'"hello"'),
    Nasty("number at the top", b"42"),
    Nasty("true at the top", b"true"),
    Nasty("null at the top", b"null"),
    Nasty("nothing but an opening brace", b"{"),
    Nasty("cut in the middle", GOOD[: len(GOOD) // 2]),
    Nasty("cut before the end", GOOD[:-1]),
    Nasty("two objects", GOOD + GOOD),
    Nasty("rubbish behind the object", GOOD + b"]"),
    Nasty("key without quotes", b'{user_id: "nasty"}'),
    Nasty("key that is a number", b'{1: "nasty"}'),
    Nasty("form data said to be JSON", b"user_id=nasty&text=tea"),
    Nasty("XML said to be JSON", b"<?xml version='1.0'?><user_id>nasty</user_id>"),
]

_ENCODINGS = [
    Nasty("byte order mark", b"\xef\xbb\xbf" + GOOD),
    Nasty("UTF-16", GOOD.decode().encode("utf-16")),
    Nasty("UTF-32", GOOD.decode().encode("utf-32")),
    Nasty("gzip", gzip.compress(GOOD)),
    Nasty("gzip rubbish", b"\x1f\x8b" + bytes(range(256))),
    Nasty("random bytes", bytes(range(255, -1, -1))),
    Nasty("charset utf-16", GOOD, "application/json; charset=utf-16"),
    Nasty("charset latin-1", GOOD, "application/json; charset=iso-8859-1"),
    Nasty("charset that is no charset", GOOD, "application/json; charset=nonsense"),
    Nasty("charset that is a codec of bytes", GOOD, "application/json; charset=hex"),
    Nasty("form", b"user_id=nasty&text=tea", "application/x-www-form-urlencoded"),
    Nasty("multipart form without a boundary", GOOD, "multipart/form-data"),
    Nasty("multipart form", b"--x\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    Nasty("plain text", GOOD, "text/plain"),
    Nasty("other kind of JSON", GOOD, "application/vnd.api+json"),
    Nasty("rubbish as content type", GOOD, ";;;/"),
]

_HARMLESS = [
    Nasty("emoji", with_text('"I like 🍵👩‍👩‍👧‍👦"'), harmless=True),
    Nasty("emoji as escapes", with_text(r'"I like \ud83c\udf75"'), harmless=True),
    Nasty("text from right to left", with_text('"אני אוהב תה"'), harmless=True),
    Nasty("bidi override", with_text(r'"I like \u202eaet\u202c"'), harmless=True),
    Nasty("zero-width characters", with_text(r'"I\u200b like\ufeff tea"'), harmless=True),
    Nasty("non-characters", with_text(r'"I like \uffff\ufdd0"'), harmless=True),
    Nasty("200 combining marks", with_text('"tea' + r"\u0301" * 200 + '"'), harmless=True),
    Nasty("duplicate keys", with_member(b'"user_id": "nasty", "user_id": "nasty"'), harmless=True),
    Nasty("2^53", with_metadata(str(2**53)), harmless=True),
    Nasty("long key outside of what is known", with_member(b'"%s": 1' % (b"k" * 10_000)), harmless=True),
    Nasty("__proto__", with_member(b'"__proto__": {"admin": true}'), harmless=True),
    Nasty("SQL in a text", with_text('"\'; DROP TABLE memory; --"'), harmless=True),
]

NASTIES = [*_TEXTS, *_METADATA, *_SHAPES, *_ENCODINGS, *_HARMLESS]

ONE_OF_EACH_KIND = [kind[0] for kind in (_TEXTS, _METADATA, _SHAPES, _ENCODINGS)]
"""For endpoints that read no body."""

NASTY_QUERIES = [
    "page=-1",
    "page=0",
    "page=1e9",
    "page=99999999999999999999",
    "page=abc",
    "page=%F0%9F%8D%B5",
    "page=1.5",
    "page=%00",
    "page=" + "9" * 5_000,
    "page_size=-1",
    "page_size=0",
    "page_size=201",
    "page_size=99999999999999999999",
    "page_size=NaN",
    "page_size=true",
]
"""Query strings that no list may take: 400."""
