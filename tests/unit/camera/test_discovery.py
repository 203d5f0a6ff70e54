"""WS-Discovery's texts: probes that picky devices take, answers read within bounds, and devices out of answers."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from receiver_setup.camera.discovery.merging import Heard, merge
from receiver_setup.camera.discovery.messages import Answer, AnswerError, parse_answer, render_probes, scope_value

ONE = "urn:uuid:0000"
HEAD = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:RelatesTo>{to}</a:RelatesTo></s:Header>'
    "<s:Body><d:ProbeMatches>"
)
TAIL = "</d:ProbeMatches></s:Body></s:Envelope>"
MATCH = (
    "<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{id}</a:Address></a:EndpointReference>"
    "<d:Types>x:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
    "<d:XAddrs>{xaddrs}</d:XAddrs></d:ProbeMatch>"
)


def answer(*matches: str, to: str = ONE) -> bytes:
    return (HEAD.format(to=to) + "".join(matches) + TAIL).encode()


def match(identity: str = "cam", scopes: str = "", xaddrs: str = "") -> str:
    return MATCH.format(id=identity, scopes=scopes, xaddrs=xaddrs)


def read(datagram: bytes) -> tuple[Answer, ...]:
    return parse_answer(datagram, frozenset({ONE}))


def test_a_probe_asks_for_one_type_on_one_line_with_its_own_id() -> None:
    ids = (f"urn:uuid:{number}" for number in itertools.count())
    probes = render_probes(lambda: next(ids))
    assert list(probes) == ["urn:uuid:0", "urn:uuid:1"]
    for identity, text in probes.items():
        assert b"\n" not in text
        assert ET.fromstring(text).findtext(".//{*}MessageID") == identity  # noqa: S314 - our own
    assert [re.findall(rb"<d:Types>(.*?)</d:Types>", text) for text in probes.values()] == [
        [b"dn:NetworkVideoTransmitter"], [b"tds:Device"],
    ]  # fmt: skip


def test_an_answer_is_read_by_namespace_whatever_its_prefixes() -> None:
    scopes = "onvif://www.onvif.org/name/IN-9408%202K+ onvif://www.onvif.org/hardware/2K%2B"
    (found,) = read(answer(match(scopes=scopes, xaddrs="http://1.2.3.4/x http://[fe80::1]/x"), to=" URN:UUID:0000\n"))
    assert found.endpoint == "urn:uuid:cam"
    assert found.types == ("NetworkVideoTransmitter",)
    assert found.xaddrs == ("http://1.2.3.4/x", "http://[fe80::1]/x")
    assert (scope_value(found.scopes, "name"), scope_value(found.scopes, "hardware")) == ("IN-9408 2K+", "2K+")
    assert scope_value(found.scopes, "location") is None


BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
REFUSED = {
    "not xml": b"\x00\xff<",
    "empty": b"",
    "another probe's": answer(match(), to="urn:uuid:1111"),
    "no device": answer(),
    "entities": BOMB.encode() + answer(match(scopes="&b;")),
    "a document type": b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x">' + answer(match()),
    "deep": answer("<x>" * 500 + "</x>" * 500),
    "wide": answer(*([match()] * 500)),
    "long": answer(match(scopes="x" * 70_000)),
    "unknown encoding": b'<?xml version="1.0" encoding="x-y"?>' + answer(match()),
    "another namespace": answer(match()).replace(b"2005/04/discovery", b"2005/04/other"),
}


@pytest.mark.parametrize("datagram", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_answer_is_refused(datagram: bytes) -> None:
    with pytest.raises(AnswerError):
        read(datagram)


def test_what_a_device_says_is_cut_and_stays_on_its_line() -> None:
    long = "onvif://www.onvif.org/name/" + "n" * 5000
    (found,) = read(answer(match(scopes=f"{long} " * 3 + "onvif://www.onvif.org/location/a%0Ab%0D")))
    assert all(len(scope) <= 400 for scope in found.scopes)
    assert scope_value(found.scopes, "location") == "a b"


def heard(source: str, *, endpoint: str = "e", xaddrs: tuple[str, ...] = (), interface: str = "eth0") -> Heard:
    return Heard(source=source, interface=interface, answer=Answer(endpoint=endpoint, xaddrs=xaddrs))


def test_answers_of_one_device_become_one_with_its_ipv4_address_first() -> None:
    (found,) = merge([
        heard("fe80::1%eth0"), heard("192.168.2.9", xaddrs=("http://169.254.1.1/", "http://192.168.2.9/")),
        heard("192.168.2.9"), heard("fd00::9", endpoint="", xaddrs=("http://192.168.2.9/",)),
    ])  # fmt: skip
    assert (found.address, found.others) == ("192.168.2.9", ("fd00::9", "fe80::1%eth0"))
    assert (found.url, found.notes, found.claims) == ("http://192.168.2.9", (), ())


def test_the_packets_own_address_counts_and_not_what_is_claimed() -> None:
    (found,) = merge([heard("192.168.2.9", xaddrs=("http://0.0.0.0:8080/x", "http://192.168.2.1/x"))])
    assert (found.address, found.claims) == ("192.168.2.9", ("192.168.2.1",))


def test_who_claims_to_be_another_device_stays_an_entry_of_its_own() -> None:
    first, second = merge([heard("192.168.2.9"), heard("192.168.2.66"), heard("fe80::1%eth0")])
    assert (first.address, second.address) == ("192.168.2.9", "192.168.2.66")
    assert (first.others, second.others) == ((), ())
    assert first.notes == ("192.168.2.66 says that it is the same device",)


def test_devices_that_name_the_same_factory_address_stay_apart() -> None:
    named = ("http://192.168.1.88/x", "http://169.254.7.7/x")
    first = heard("192.168.2.9", endpoint="a", xaddrs=named), heard("fe80::9%eth0", endpoint="a", xaddrs=named)
    found = merge([*first, heard("192.168.2.8", endpoint="b", xaddrs=named)])
    assert [(each.address, each.others) for each in found] == [("192.168.2.8", ()), ("192.168.2.9", ("fe80::9%eth0",))]
    assert not any(each.notes for each in found)


def test_a_device_on_another_network_is_told_as_such() -> None:
    (found,) = merge([heard("fe80::1%eth0", xaddrs=("http://10.9.9.9/x",))])
    assert found.url == "http://[fe80::1%eth0]"
    assert "10.9.9.9" in found.notes[0]
    assert "another network" in found.notes[0]
