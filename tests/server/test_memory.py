"""What the server remembers of sessions does not grow with those that have ended."""

from uuid import uuid4

from kithbook_server.accounts.decisions import DeviceSession
from kithbook_server.accounts.memory import FEW_SESSIONS, Memory


def test_sessions_that_expired_are_forgotten() -> None:
    memory = Memory()
    most = 0
    for now in range(20 * FEW_SESSIONS):
        memory.take(opened(expires=now + 10), now)
        most = max(most, len(memory.sessions))
    assert most <= FEW_SESSIONS + 1
    last = 20 * FEW_SESSIONS - 1
    open_ = [one for one in memory.sessions.values() if one.expires >= last]
    assert len(open_) == 11


def opened(expires: int) -> DeviceSession.Opened:
    session = DeviceSession(uuid4().hex, "ab" * 32, expires)
    [event] = session.collect_events()
    assert isinstance(event, DeviceSession.Opened)
    return event
