"""The server destroys what was erased, and has what was blanked brought back."""

from msgspec.structs import replace

from kithbook.envelope import erase_record
from kithbook.events import Erased
from kithbook.ids import event_id
from kithbook.protocol import SyncRequest
from kithbook_server.audit import audit
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder
from kithbook_server.sync import SyncService
from kithbook_server.views import Views
from tests.devices import AT, NOW_MS, Log, heads
from tests.server.test_sync import codes, pull, push, records


def erase(by: Log, log: Log, *seqs: int) -> Log:
    return by.append(Erased(at=AT, events=tuple(log.ref(seq) for seq in seqs)))


def blanked(log: Log, *seqs: int) -> list[bytes]:
    return [
        erase_record(record) if seq in seqs else record for seq, record in enumerate(log.records, 1)
    ]


def test_a_body_is_destroyed_when_its_writer_erases_it(service: SyncService) -> None:
    ada = Log.found().write(4)
    push(service, ada)
    erase(ada, ada, 3)
    assert push(service, ada) == service.sync(ada.network, SyncRequest([ada.head()]))
    assert records(pull(service, ada.network), ada) == blanked(ada, 3)


def test_a_body_that_comes_after_its_erasure_is_dropped(service: SyncService) -> None:
    ada = Log.found().write(1)
    phone = ada.invite("Ada", "owner").join()
    ada.write(2)
    erase(phone, ada, 4)
    push(service, phone)
    push(service, ada)
    assert records(pull(service, ada.network), ada) == blanked(ada, 4)


def test_nobody_erases_what_somebody_else_wrote(service: SyncService) -> None:
    ada = Log.found()
    bob = ada.invite("Bob").join().write(2)
    erase(ada, bob, 2)
    push(service, ada, bob)
    assert records(pull(service, ada.network), bob) == bob.records


def test_no_membership_event_is_destroyed(service: SyncService) -> None:
    ada = Log.found().write(1)
    erase(ada, ada, 1, 2)
    erase(ada, ada, 3)
    push(service, ada)
    assert records(pull(service, ada.network), ada) == blanked(ada, 2)


def test_what_was_blanked_is_asked_for_and_put_back(
    service: SyncService, recorder: LogRecorder
) -> None:
    ada = Log.found().write(4)
    whole = ada.page(1, 5)
    lying = replace(whole, records=blanked(ada, 3, 4))
    views = Views(recorder, lambda: NOW_MS)
    reply = service.sync(ada.network, SyncRequest([ada.head()], [lying]))
    assert codes(reply) == {ada.id: ("missing", 3)}
    (problem,) = audit(recorder, verify).problems
    assert problem.event == event_id(ada.id, 3)
    damaged = views.digest(ada.network)

    reply = service.sync(ada.network, SyncRequest([ada.head()], [ada.page(3, 5)]))

    assert not reply.refused
    assert audit(recorder, verify).ok
    assert records(pull(service, ada.network), ada) == ada.records
    assert views.digest(ada.network) != damaged
    assert views.digest(ada.network) == Views(recorder, lambda: NOW_MS).digest(ada.network)


def test_what_was_erased_is_never_put_back(service: SyncService) -> None:
    ada = Log.found().write(4)
    whole = ada.pages()
    erase(ada, ada, 3)
    push(service, ada)
    reply = service.sync(ada.network, SyncRequest(heads([ada]), whole))
    assert not reply.refused
    assert records(pull(service, ada.network), ada) == blanked(ada, 3)
