"""Render a recording as a readable page, to check before the file is sent anywhere (pure)."""

from collections.abc import Iterable, Mapping
from typing import Any


def render_page(data: Mapping[str, Any], path: str) -> str:
    """Return the page; `path` is the path of the file."""
    camera = data["camera"]
    model, firmware = camera["model"] or "model unknown", camera["firmware"] or "firmware unknown"
    lines = [
        f"Recorded ({camera['source']}): {model}, {firmware}",
        f"  asked       {', '.join(dict.fromkeys(each['request']['command'] for each in data['http']))}",
        f"  web server  {_server(data['http'])}",
    ]
    if data["tls"]:
        lines.append(f"  https       {data['tls']['version']}, {data['tls']['cipher']}")
    for lesson in data["lessons"]:
        lines += _lesson(lesson)
    lines += [f"  not seen    {each}" for each in data["unknown"]]
    replaced = ", ".join(f"{count} {kind}" for kind, count in data["made"]["substitutions"].items())
    lines += [
        f"Replaced by placeholders: {replaced or 'nothing'}; all fields that are not on the list are blank.",
        f"The file {path} was searched for every secret of this run. Read it, and send it to us if you like.",
    ]
    return "\n".join(lines)


def _server(http: Iterable[Mapping[str, Any]]) -> str:
    for each in http:
        named = {name.lower(): value for name, value in each["headers"]}
        return f"{named.get('server', 'not named')}, {each['status_line']}"
    return "was not asked"


def _lesson(lesson: Mapping[str, Any]) -> list[str]:
    result = lesson["testftp"].get("result")
    head = f"  {lesson['name']:<18}result {result}{', stored' if lesson['stored'] else ''}"
    best = max(lesson["connections"], key=lambda each: (len(each["sftp"]), len(each["auth"])), default=None)
    if best is None:
        return [f"{head}; no connection"]
    signs = [each for each in best["auth"] if each.get("signed")]
    told = [best["banner"].strip()]
    if best["negotiated"]:
        told.append(f"host key {best['negotiated']['host_key']}")
    told.append("login " + (", ".join(_method(each) for each in best["auth"]) or "not tried"))
    if signs:
        told.append(f"signs {signs[-1]['algorithm']}")
    operations = ", ".join(each["op"] + (f" {each['path']}" if "path" in each else "") for each in best["sftp"])
    lines = [f"{head}; {'; '.join(told)}"]
    if operations:
        lines.append(f"  {'':<18}{operations}")
    return lines


def _method(entry: Mapping[str, Any]) -> str:
    if entry["method"] == "publickey":
        return "key" if entry.get("signed") else "key?"
    return str(entry["method"])
