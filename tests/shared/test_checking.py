from collections.abc import Iterator

from kithbook.checking import LogCheck, Wrong
from kithbook.envelope import Seal, record_hlc
from kithbook.events import Met
from kithbook_server.keys import verify
from tests.shared.logs import Log, Network

MET = Met(at=0, by=bytes(16), people=(bytes([1]) * 16,))


def log(size: int = 10) -> Log:
    return Network().founded.append(*[MET] * (size - 1))


def wrong(
    log: Log, *, key: bytes | None = None, seals: list[Seal] | None = None, is_sealed: bool = True
) -> list[Wrong]:
    """What is wrong with a log that is kept so, walked three records at a time."""
    seals = [log.seal_at(4), log.seal_at(log.seq)] if seals is None else seals
    check = LogCheck(log.network, log.id, key or log.device.public, verify)
    return list(_walk(log, check, seals, is_sealed=is_sealed))


def _walk(log: Log, check: LogCheck, seals: list[Seal], *, is_sealed: bool) -> Iterator[Wrong]:
    for after in range(0, log.seq, 3):
        upto = min(after + 3, log.seq)
        here = [seal for seal in seals if after < seal.seq <= upto]
        yield from check.stretch(log.records[after:upto], log.hashes[after:upto], here)
    yield from check.end(log.head(), record_hlc(log.records[-1]), is_sealed=is_sealed)


def test_nothing_is_wrong_with_a_log_that_is_whole() -> None:
    assert wrong(log()) == []
    assert wrong(log(9)) == []


def test_the_first_byte_that_was_changed_is_found_first() -> None:
    whole = log()
    for seq, record in enumerate(whole.records, 1):
        for at in range(len(record)):
            bent = log()
            bent.records[seq - 1] = record[:at] + bytes((record[at] ^ 0x10,)) + record[at + 1 :]
            bent.hashes = whole.hashes
            assert wrong(bent)[0][0] == seq, at


def test_bytes_that_are_no_record_are_found() -> None:
    bent = log()
    bent.records[4] = b"x"

    seq, why = wrong(bent)[0]

    assert seq == 5
    assert "not an envelope" in why


def test_a_record_under_another_hash_is_found() -> None:
    bent = log()
    seals = [bent.seal_at(10)]
    bent.hashes[6] = bytes(32)

    assert wrong(bent, seals=seals)[0] == (7, "its bytes are not those that were hashed")


def test_a_log_that_another_key_opens_is_found() -> None:
    other = Network("Eve").founded.device.public

    assert wrong(log(), key=other)[0] == (1, "it does not open this log with this key")


def test_a_log_without_a_key_is_found() -> None:
    one = log()
    check = LogCheck(one.network, one.id, None, verify)

    found = list(_walk(one, check, [], is_sealed=False))

    assert found == [(1, "it does not open this log with this key")]


def test_a_seal_by_nobody_is_found() -> None:
    one = log()

    assert wrong(one, seals=[Seal(5, bytes(64)), one.seal_at(10)]) == [
        (5, "its seal is not by this log's device")
    ]


def test_a_clock_that_goes_backward_is_found_even_where_all_is_sealed() -> None:
    for size in (4, 5, 6):  # the first of a stretch, and within one
        back = log(size)
        back.hlc -= 3
        back.append(MET, MET)

        assert wrong(back) == [(size + 1, "its clock goes back")]


def test_a_clock_that_stands_still_is_found() -> None:
    still = log(4)
    still.hlc -= 1
    still.append(MET)

    assert wrong(still) == [(5, "its clock goes back")]


def test_a_missing_seal_at_the_end_is_found_unless_the_log_is_our_own() -> None:
    one = log()

    assert wrong(one, seals=[one.seal_at(4)]) == [(10, "its seal is missing")]
    assert wrong(one, seals=[]) == [(10, "its seal is missing")]
    assert wrong(one, seals=[], is_sealed=False) == []


def test_a_head_that_is_noted_otherwise_is_found() -> None:
    one = log()
    check = LogCheck(one.network, one.id, one.device.public, verify)
    assert list(check.stretch(one.records, one.hashes, [one.seal_at(10)])) == []

    clock = record_hlc(one.records[-1])
    noted = "it is noted as the log's last event, and is not"

    assert list(check.end(one.head(), clock, is_sealed=True)) == []
    assert list(check.end(one.head(9), clock, is_sealed=True)) == [(9, noted)]
    assert list(check.end(one.head(), clock + 1, is_sealed=True)) == [(10, noted)]
