"""From a backup to the record that both faces write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tap_dds_backups.api.models import Backup

_encoder = msgspec.json.Encoder()


def as_record(backup: Backup, project_id: str, region: str | None) -> dict[str, Any]:
    """The record as plain values, with what the API leaves in the URL."""
    return completed(msgspec.to_builtins(backup), project_id, region)


def completed(row: Mapping[str, Any], project_id: str, region: str | None) -> dict[str, Any]:
    """A row of any stream with the columns that every record has."""
    return {**row, "project_id": project_id, "region": region}


class RecordEncoder:
    """Writes the records of one project as JSON objects, in ASCII as the ordinary writer does."""

    def __init__(self, project_id: str, region: str | None) -> None:
        self._project_id = project_id
        self._region = region
        tail = json.dumps({"project_id": project_id, "region": region})
        self._tail = f", {tail[1:]}".encode()

    def encode(self, backups: Sequence[Backup]) -> list[bytes]:
        """One JSON object for each backup, without line breaks."""
        tail = self._tail
        encoded = [_encoder.encode(backup)[:-1] + tail for backup in backups]
        return [
            text if text.isascii() else self._escaped(backup)
            for text, backup in zip(encoded, backups, strict=True)
        ]

    def _escaped(self, backup: Backup) -> bytes:
        return json.dumps(as_record(backup, self._project_id, self._region)).encode()
