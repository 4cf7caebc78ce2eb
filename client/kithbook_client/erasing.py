"""Erasing: the one way in which bytes of a log are changed, and how a lost body comes back.

`erasure` holds what the logs say is to be destroyed, so that it is dropped on receipt as well.
"""

from collections.abc import Iterable, Sequence

from kithbook.envelope import CONTENT, erase_record, record_kind
from kithbook.ids import CHECK_BYTES, Ref
from kithbook.membership import erasures, is_blank, without_bodies
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import MAX_SEQ, place
from kithbook_client.schema import Connection

NAMED = ("mention", "source", "ahead")
"""What was noted of an event's body."""


def obey(logs: Logs) -> bool:
    """Destroy the bodies that the logs say are to be destroyed; whether that is news."""
    gone = erasures(logs.acts(), logs.standings())
    wanted = {(logs.number(ref.log, ref.seq), ref.check) for ref in gone}
    noted = {(where, bytes(check)) for where, check in logs.erasures()}
    if wanted == noted:
        return False
    logs.db.execute("PRAGMA secure_delete = ON")
    logs.db.executemany("DELETE FROM erasure WHERE event = ? AND [check] = ?", noted - wanted)
    logs.db.executemany("INSERT INTO erasure VALUES (?, ?)", wanted - noted)
    for where, check in wanted - noted:
        _destroy(logs.db, where, check)
    return True


def _destroy(db: Connection, where: int, check: bytes) -> None:
    """Destroy a body in its log, and in a branch of that log that was set aside."""
    _blank(db, "fork", where, check)
    if _blank(db, "event", where, check):
        for table in NAMED:
            db.execute(f"DELETE FROM {table} WHERE event = ?", (where,))
        db.execute("DELETE FROM text WHERE id = ?", (where,))


def _blank(db: Connection, table: str, where: int, check: bytes) -> bool:
    """Whether the event that is meant stands there; then it is without its body from now on."""
    rows = db.execute(f"SELECT hash, record FROM {table} WHERE place = ?", (where,)).fetchall()
    for hash_, record in rows:
        if hash_[:CHECK_BYTES] == check and record_kind(record) == CONTENT:
            if not is_blank(record):
                db.execute(
                    f"UPDATE {table} SET record = ? WHERE place = ? AND hash = ?",
                    (erase_record(record), where, hash_),
                )
            return True
    return False


def kept(
    logs: Logs, log: Log, first: int, records: Sequence[bytes], hashes: Sequence[bytes]
) -> Sequence[bytes]:
    """New records of a log without the bodies that are to be destroyed."""
    last = first + len(records) - 1
    gone = {
        Ref(log.id, where & MAX_SEQ, check)
        for where, check in logs.erasures(place(log.no, first), place(log.no, last))
    }
    return without_bodies(log.id, first, records, hashes, gone)


def missing(logs: Logs) -> dict[bytes, list[int]]:
    """Log → the seqs whose bodies are gone although nobody erased them."""
    found: dict[bytes, list[int]] = {}
    rows = logs.db.execute("SELECT event FROM void WHERE reason = 'missing' ORDER BY event")
    for log, seq in (logs.at(where) for (where,) in rows if logs.is_ours(where)):
        found.setdefault(log, []).append(seq)
    return found


def mend(logs: Logs, log: bytes, first: int, records: Iterable[bytes]) -> int:
    """Put back bodies that are missing, from records whose hashes were found to be those held."""
    lost = missing(logs).get(log, ())  # or were, in a branch that this log has just left
    found = [
        (record, place(logs[log].no, seq))
        for seq, record in enumerate(records, first)
        if seq in lost and not is_blank(record)
    ]
    blank = "substr(record, 1, 1) = x'81'"
    put = logs.db.executemany(f"UPDATE event SET record = ? WHERE place = ? AND {blank}", found)
    return max(0, put.rowcount)
