"""Decompression with a limit: a small body can unpack to any size (a gzip bomb)."""

from __future__ import annotations

import zlib

from tap_dds_backups.api.wire import Cut, Garbled, TooLarge

_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo `encoding`, the value of Content-Encoding.

    Raises:
        TooLarge: more than `limit` bytes come out.
        Cut: the compressed body ends too early.
        Garbled: it is not what it says, or an encoding that we did not ask for.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name in ("gzip", "x-gzip"):
        return _inflated(body, _GZIP, limit)
    if name == "deflate":
        # RFC 9110, 8.4.1.2: with a zlib header, though some servers send it without one
        has_header = len(body) >= 2 and int.from_bytes(body[:2]) % 31 == 0 and body[0] & 15 == 8
        return _inflated(body, zlib.MAX_WBITS if has_header else _RAW_DEFLATE, limit)
    raise Garbled


def _inflated(body: bytes, window_bits: int, limit: int) -> bytes:
    inflater = zlib.decompressobj(window_bits)
    try:
        data = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise Garbled from None
    if len(data) > limit:
        raise TooLarge
    if not inflater.eof:
        raise Cut
    if inflater.unused_data:
        raise Garbled
    return data
