"""The cameras of an upload account (pure): their key lines and their records, by name."""

from dataclasses import dataclass

from receiver_setup.formats.authorized_keys import parse_cameras
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.facts.camera_records import CameraRecord
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.setup import key_file


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCamera:
    """One camera; without a key it uses a password, or its line was deleted."""

    name: str
    key: PublicKey | None = None
    record: CameraRecord | None = None

    @property
    def directory(self) -> str | None:
        """Its folder; None if an older version set it up."""
        return None if self.record is None else self.record.directory


def find_known_cameras(facts: Facts, user: str) -> dict[str, KnownCamera]:
    """Return every camera that uses the account, by its name."""
    keys, records = parse_cameras(facts.files.get(key_file(user), b"")), facts.ledger.cameras
    return {
        name: KnownCamera(name=name, key=keys.get(name), record=records.get(name)) for name in sorted({*keys, *records})
    }
