"""CRC-32C and CRC-64/NVME, which S3 offers as checksums and Python's library lacks.

Slow beside C (some 20 MB/s), and only used by clients that ask for them; awscrt, where it is
installed, does it at once. Parameters: https://reveng.sourceforge.io/crc-catalogue/.
"""

from __future__ import annotations

import sys
from array import array
from functools import cache

CRC32C = (0x82F63B78, 32)
CRC64NVME = (0x9A6C9329AC4BC9B5, 64)
"""Polynomial, its bits reversed, and width."""


def checksum(data: bytes, parameters: tuple[int, int]) -> bytes:
    """The checksum, most significant byte first.

    Args:
        data: what to sum.
        parameters: ``CRC32C`` or ``CRC64NVME``.
    """
    polynomial, width = parameters
    full = (1 << width) - 1
    single, double = _tables(polynomial)
    state = full
    even = len(data) & ~1
    words = array("H", data[:even])
    if sys.byteorder == "big":
        words.byteswap()
    for word in words:
        state = double[(state ^ word) & 0xFFFF] ^ (state >> 16)
    for byte in data[even:]:
        state = single[(state ^ byte) & 0xFF] ^ (state >> 8)
    return (state ^ full).to_bytes(width // 8, "big")


@cache
def _tables(polynomial: int) -> tuple[list[int], list[int]]:
    """What a step does to the lowest byte, and to the lowest two."""
    single = []
    for byte in range(256):
        state = byte
        for _ in range(8):
            state = (state >> 1) ^ (polynomial if state & 1 else 0)
        single.append(state)
    double = []
    for word in range(1 << 16):
        first = single[word & 0xFF] ^ (word >> 8)
        double.append(single[first & 0xFF] ^ (first >> 8))
    return single, double
