"""The names of email domains, in the one spelling in which they are kept and compared."""

import idna


def domain_name(text: str) -> str:
    """Returns a domain's name in lower case and ASCII (IDNA 2008): `Bücher.example.` is `xn--bcher-kva.example`.

    Raises `ValueError` for what is no name of at least two labels, an IP address among it.
    """
    name = idna.encode(text.strip().removesuffix("."), uts46=True).decode()
    _, _, last = name.rpartition(".")
    if last == name or last.isdigit():
        raise ValueError("not a domain of an email address")
    return name


def domain_of(email: str) -> str:
    """Returns the name of an email's domain, "" where it has none."""
    try:
        return domain_name(email.rpartition("@")[2])
    except ValueError:
        return ""
