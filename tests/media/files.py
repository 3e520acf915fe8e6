"""Files as users send them, and as attackers do."""

import io
import struct
import zlib

from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, StreamObject, TextStringObject


def image(size: tuple[int, int] = (60, 40), kind: str = "PNG", colour: str = "red", **options: object) -> bytes:
    """Returns an image of one colour."""
    drawn = io.BytesIO()
    Image.new("RGB", size, colour).save(drawn, kind, **options)
    return drawn.getvalue()


def flood(side: int = 13_000) -> bytes:
    """Returns a black PNG of `side` pixels in each direction: 169 million in some 20 KB."""
    press = zlib.compressobj(9)
    row = bytes(side // 8 + 2)
    data = b"".join(press.compress(row) for _ in range(side)) + press.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*each) for each in [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pdf(*texts: str) -> bytes:
    """Returns a PDF with a page for each text, in lines of their own."""
    writer = PdfWriter()
    for text in texts:
        _add_page(writer, _shown(text))
    return _written(writer)


def _shown(text: str) -> bytes:
    lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in text.split("\n")]
    return ("BT /F1 12 Tf 14 TL 50 800 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET").encode("latin-1")


def _add_page(writer: PdfWriter, content: bytes) -> None:
    page = writer.add_blank_page(595, 842)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/F1"): named})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(content)
    page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_of_pages(count: int) -> bytes:
    """Returns a PDF of so many empty pages."""
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(100, 100)
    return _written(writer)


def pdf_with_huge_stream(megabytes: int = 500) -> bytes:
    """Returns half a megabyte of PDF whose page is this large when it is unpacked."""
    press = zlib.compressobj(9)
    spaces = b" " * 1024 * 1024
    packed = b"".join(press.compress(spaces) for _ in range(megabytes)) + press.flush()
    writer = PdfWriter()
    page = writer.add_blank_page(100, 100)
    stream = StreamObject()
    stream._data = packed
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    page[NameObject("/Contents")] = writer._add_object(stream)
    return _written(writer)


def pdf_with_entities(text: str = "I live in Berlin.") -> bytes:
    """Returns a PDF whose XMP metadata unfold to a billion words."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    xmp = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "laugh">{entities}]><x>&e9;</x>'
    writer = PdfWriter()
    _add_page(writer, _shown(text))
    stream = DecodedStreamObject()
    stream.set_data(xmp.encode())
    stream[NameObject("/Type")] = NameObject("/Metadata")
    stream[NameObject("/Subtype")] = NameObject("/XML")
    writer._root_object[NameObject("/Metadata")] = writer._add_object(stream)
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer._root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    writer.add_attachment("secret.txt", b"attached")
    return _written(writer)


def pdf_with_password(password: str, *, only_owner: bool = False) -> bytes:
    """Returns a PDF that opens with a password; with `only_owner` everybody may read it."""
    writer = PdfWriter()
    _add_page(writer, _shown("I live in Berlin."))
    writer.encrypt("" if only_owner else password, owner_password=password, algorithm="AES-256")
    return _written(writer)


def image_of_words(text: str) -> bytes:
    """Returns a PNG in which the text is written."""
    drawn, canvas = io.BytesIO(), Image.new("RGB", (30 * len(text), 100), "white")
    ImageDraw.Draw(canvas).text((20, 30), text, fill="black", font=ImageFont.load_default(40))
    canvas.save(drawn, "PNG")
    return drawn.getvalue()
