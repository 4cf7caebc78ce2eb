"""A log of any length in which the same people do the same on the same days again and again."""

from collections.abc import Iterator
from itertools import cycle, islice

from kithbook.envelope import reference
from kithbook.events import Content, Helped, Thanked
from kithbook.ids import person_id
from kithbook.replication import PAGE_EVENTS, Page
from tests.bench.devices import Device
from tests.bench.workload import event, names, records, story


def same_again(device: Device, count: int, people: int, base: int) -> Iterator[Page]:
    """Pages of at least `count` events in all, `base` of them different but for the thanks.

    Every help is thanked for, and nobody recommends anybody: such facts are as many as events.
    """
    ids = [person_id(device.network, name) for name in names(people)]
    told = (one for one in story(base, people) if one.kind not in {"thanked", "referred"})
    said = cycle([event(one, ids) for one in told])
    thanks: list[Content] = []
    yield device.opening
    while device.head.seq < count:
        some = [*thanks, *islice(said, PAGE_EVENTS // 2)]
        page = device.page(records(some, done=device.head.seq))
        thanks = list(_thanks(device, page, some))
        yield page


def _thanks(device: Device, page: Page, some: list[Content]) -> Iterator[Thanked]:
    """Thanks for the helps in the page that was just made."""
    for seq, (one, hash_) in enumerate(zip(some, device.hashes, strict=True), page.first):
        if isinstance(one, Helped):
            for_ = (reference(device.log, seq, hash_),)
            yield Thanked(at=one.at, zone=one.zone, by=one.to, to=one.by, helps=for_)
