"""URL-encoding; done nowhere else (pure)."""

from collections.abc import Iterable
from urllib.parse import quote

PATH = "/param.cgi"


def encode_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Encode parameters as a query from which every value is decoded unchanged.

    All but letters, digits and `_.-~` is percent-encoded, a blank as %20, other characters as UTF-8.

    >>> encode_query([("cmd", "testftp"), ("sethost", "AAAA+/Z=")])
    'cmd=testftp&sethost=AAAA%2B%2FZ%3D'
    """
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters)
