"""gzip for batches: by ISA-L where there is a wheel of it, else by zlib, which takes five times as long.

Either makes a twelfth of 200 punches (`python -m tests.bench drain`); higher levels gain little.
"""

try:
    from isal.isal_zlib import compress
except ImportError:
    from zlib import compress

LEVEL = 1
GZIP_FORMAT = 31
"""zlib's word for a gzip header around the largest window."""


def squeeze(batch: bytes) -> bytes:
    """The bytes of one gzip member; the same for the same bytes."""
    return bytes(compress(batch, LEVEL, GZIP_FORMAT))
