"""Backups by their serial number, 0 the oldest: the id, the begin, the row as the service spells it."""

from __future__ import annotations

import time

PROJECT = "0d6c6f1e2a5f4f0f9a7b2f8f0c3b5a10"
_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835  # times an odd number: 128 bits that never meet
_MASK = (1 << 128) - 1
_ROW = (
    '{"id":"%s","name":"auto-orders-prod-%06d","instance_id":"%s","instance_name":"orders-prod-%02d"'
    ',"datastore":{"type":"DDS-Community","version":"4.4"},"type":"Auto","begin_time":"%s"'
    ',"end_time":"%s","status":"COMPLETED","size":%d,"description":"nightly backup of the cluster"}'
)
_INSTANCES = 40
_RUNS_FOR = 95  # seconds from a backup's begin to its end


def backup_id(serial: int) -> str:
    """The id of a backup: 32 hex digits and the suffix of backups."""
    return f"{(serial + 1) * _ODD & _MASK:032x}br02"


def spell(seconds: int) -> str:
    """UTC seconds as the service writes them."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def row(serial: int, begin: int) -> bytes:
    """The row of a backup as JSON, about 400 bytes."""
    number = serial % _INSTANCES
    instance = f"{(number + 7) * _ODD & _MASK:032x}in02"
    size = 2_803 + serial * 7_919 % 1_000_000
    values = (backup_id(serial), serial, instance, number, spell(begin), spell(begin + _RUNS_FOR))
    return (_ROW % (*values, size)).encode()
