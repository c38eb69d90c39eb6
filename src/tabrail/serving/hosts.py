"""Refuse requests to a server without a key that name another host or come from another website.

Any website can make its own name point to 127.0.0.1 (DNS rebinding). To the browser, both are then
the same website. A page of that site could read from and post to a server on the visitor's machine.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable

NAME = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/\\?#@\s]+)(?::\d*)?")
READING = {"GET", "HEAD", "OPTIONS"}


def is_local(name: str) -> bool:
    """Return whether a name or an address always means the local machine.

    Example:
        >>> is_local("127.0.0.1"), is_local("localhost"), is_local("192.0.2.1")
        (True, True, False)
    """
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def is_any(address: str) -> bool:
    """Return whether a server at an address can be reached by all names of its machine."""
    return ipaddress.ip_address(address.partition("%")[0]).is_unspecified


def refusal(
    method: str, headers: Iterable[tuple[bytes, bytes]], names: Collection[str] | None
) -> str:
    """Return why a request is refused, or blank if it is accepted.

    Args:
        method: the HTTP method.
        headers: the headers of the request.
        names: the server's names besides the local ones; None for any name.
    """
    given: dict[str, list[str]] = {"host": [], "origin": []}
    for header, value in headers:
        if (found := given.get(header.decode("latin-1"))) is not None:
            found.append(value.decode("latin-1").lower())
    hosts, origins = given["host"], given["origin"]
    for host in hosts or [""]:
        name = _name(host)
        if not name or (names is not None and not is_local(name) and name not in names):
            return (
                f"The server has no API key, and {host[:100]!r} is not its name. Use the name "
                "localhost, start the server with --host and this name, or give it a key."
            )
    if method not in READING and any(_netloc(origin) not in hosts for origin in origins):
        return (
            f"The request comes from another website, {origins[0][:100]!r}, and the server has no "
            "API key. Send it from the server's own page, or give the server a key."
        )
    return ""


def _name(host: str) -> str:
    """Return the name in a header `Host`, without a port; blank if it is invalid."""
    found = NAME.fullmatch(host)
    return found[1].strip("[]").rstrip(".") if found else ""


def _netloc(origin: str) -> str:
    """Return the name and the port of an origin, in the form of a header `Host`."""
    return origin.partition("://")[2]
