"""ZK packets: vectors by hand, recorded packets, every segmentation, garbage before and a tail behind."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zk.frames import (
    GARBAGE_MAX,
    MAGIC,
    PACKET_MAX,
    Buffer,
    Encrypted,
    FrameError,
    Packet,
    checksum,
    decode,
    encode,
    framed,
)
from drivers.zk.parts import Parts, Uneven
from tests.drivers.zk_site import captures, vectors

U16 = st.integers(0, 0xFFFF)
PACKETS = st.builds(Packet, U16, U16, U16, st.binary(max_size=2000))


def by_the_book(packet: Packet) -> bytes:
    """The documented layout and the documented sum, word by word."""
    blank = struct.pack("<4H", packet.command, 0, packet.session, packet.reply) + packet.data
    padded = blank + bytes(len(blank) % 2)
    total = sum(struct.unpack(f"<{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return blank[:2] + struct.pack("<H", ~total & 0xFFFF) + blank[4:]


@pytest.mark.parametrize("vector", vectors()["packets"], ids=lambda v: v["hex"])
def test_a_packet_written_by_hand(vector):
    packet = Packet(vector["command"], vector["session"], vector["reply"], bytes.fromhex(vector["data"]))
    assert encode(*packet) == bytes.fromhex(vector["hex"])
    assert decode(bytes.fromhex(vector["hex"])) == packet


@given(PACKETS)
def test_packets_follow_the_documented_sum(packet):
    written = by_the_book(packet)
    assert decode(written) == packet
    if packet.command:  # a packet of zeros only has two right checksums
        assert encode(*packet) == written


@given(PACKETS, st.data())
def test_one_flipped_bit_is_seen(packet, data):
    raw = bytearray(encode(*packet))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        decode(bytes(raw))


def test_recorded_checksums():
    checked = 0
    for entry in captures():
        raw = bytes.fromhex(entry["hex"])
        if not entry["decoded"].get("checksum_ok"):
            continue
        told = entry["decoded"]
        packet = raw[8:] if raw.startswith(MAGIC) else raw
        assert checksum(packet) == 0, entry["id"]
        found = decode(packet)
        assert (found.command, found.reply, len(found.data)) == (
            told["command"],
            told["reply"],
            told["data_len"],
        )
        assert found.session == int(told["session"], 16)
        assert encode(*found) == packet
        checked += 1
    assert checked >= 60


def test_recorded_checksums_that_are_wrong_are_refused():
    wrong = [e for e in captures() if e["decoded"].get("checksum_ok") is False]
    assert wrong
    for entry in wrong:
        with pytest.raises(FrameError):
            decode(bytes.fromhex(entry["hex"]).removeprefix(MAGIC)[4 if entry["transport"] == "tcp" else 0 :])


def test_recorded_frames_survive_every_segmentation():
    whole = [e for e in captures() if e.get("transport") == "tcp" and e["decoded"].get("checksum_ok")]
    raw = [bytes.fromhex(e["hex"]) for e in whole if e["decoded"].get("tcp_len_matches")]
    stream = b"".join(raw)
    told = [decode(frame[8:]) for frame in raw]
    assert Buffer().feed(stream) == told
    buffer = Buffer()
    assert [p for byte in stream for p in buffer.feed(bytes([byte]))] == told


@given(st.lists(PACKETS, max_size=5), st.binary(max_size=200), st.lists(st.integers(1, 700), max_size=30))
def test_whole_packets_come_out_however_the_stream_is_cut(packets, garbage, cuts):
    garbage = garbage.replace(b"P", b"p")
    stream = garbage + b"".join(framed(encode(*packet)) for packet in packets) + MAGIC[:3]
    buffer, found, at = Buffer(), [], 0
    for cut in [*cuts, len(stream)]:
        found += buffer.feed(stream[at : at + cut])
        at += cut
    assert found == packets


def test_one_byte_at_a_time_with_garbage_before_and_a_tail():
    packet = Packet(2000, 7, 8, b"body")
    buffer = Buffer()
    stream = b"HTTP/1.1 \x50\x50" + framed(encode(*packet)) + b"\x50\x50\x82\x7d\x08\0\0\0tail"
    assert [p for byte in stream for p in buffer.feed(bytes([byte]))] == [packet]
    assert buffer.skipped == 0


def test_a_silly_length_is_garbage_and_the_next_frame_is_found():
    good = Packet(2000, 1, 2, b"")
    for length in (0, 7, PACKET_MAX + 1, 0xFFFFFFFF):
        stream = MAGIC + length.to_bytes(4, "little") + framed(encode(*good))
        assert Buffer().feed(stream) == [good]


def test_garbage_has_an_end():
    buffer = Buffer()
    assert buffer.feed(b"x" * GARBAGE_MAX) == []
    with pytest.raises(FrameError):
        buffer.feed(b"x")


def test_an_encrypted_frame_is_told_apart():
    with pytest.raises(Encrypted):
        Buffer().feed(bytes.fromhex("5050837c0800000000000000"))


def test_too_short_is_no_packet():
    with pytest.raises(FrameError):
        decode(b"\xd0\x07\xff")


def test_parts_of_a_stream_find_their_order():
    parts = Parts(session=0x45CF, size=10, by_index=True)
    order = [2, 0, 0, 1, 2]
    data = {0: b"abcd", 1: b"efgh", 2: b"ij"}
    got = [b"".join(parts.add(Packet(1501, index, 9, data[index]))) for index in order]
    assert got == [b"", b"abcd", b"", b"efghij", b""]
    assert parts.whole


def test_a_bare_answer_carries_the_session_and_not_an_index():
    body = (6).to_bytes(4, "little") + b"abcdef"
    parts = Parts(session=0x45CF, size=None, by_index=True)
    assert parts.add(Packet(1501, 0x45CF, 9, body)) == [body]
    assert parts.whole


def test_parts_far_ahead_of_their_turn_are_not_kept():
    parts = Parts(session=1, size=2000 * 8, by_index=True)
    for index in range(1, 2000):
        assert parts.add(Packet(1501, index, 9, bytes(8))) == []
    assert sum(map(len, parts.add(Packet(1501, 0, 9, bytes(8))))) == 256 * 8


@pytest.mark.parametrize("by_index", [False, True])
@pytest.mark.parametrize(
    "lengths", [[8, 9, 8, 4], [8, 7, 8, 4], [8, 8, 8, 5], [8, 8, 3], [9, 8, 8, 4], [8, 8, 8, 8], [29]]
)
def test_a_stream_that_does_not_add_up_is_not_handed_on(lengths, by_index):
    parts = Parts(session=1, size=28, by_index=by_index)
    given = []
    with pytest.raises(Uneven):
        given.extend(parts.add(Packet(1501, n, 9, bytes(length))) for n, length in enumerate(lengths))
    assert sum(len(data) for each in given for data in each) < 28


@pytest.mark.parametrize("indexes", [[0, 0, 1], [0, 1, 1], [0, 1, 3], [0, 2], [7, 8], [7, 7, 0], [0, 1, 0]])
def test_packets_out_of_order_on_a_line_that_keeps_it_are_not_handed_on(indexes):
    parts = Parts(session=7, size=8 * len(indexes), by_index=False)
    with pytest.raises(Uneven):
        [parts.add(Packet(1501, index, 9, bytes(8))) for index in indexes]


@pytest.mark.parametrize("indexes", [[0, 1, 2, 3], [0, 0, 0], [7, 7, 7, 7], [7]])
def test_packets_that_count_up_or_bear_one_number_are_a_stream(indexes):
    parts = Parts(session=7, size=8 * len(indexes) - 3, by_index=False)
    for place, index in enumerate(indexes):
        parts.add(Packet(1501, index, 9, bytes(8 if place < len(indexes) - 1 else 5)))
    assert parts.whole
