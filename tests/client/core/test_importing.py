import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kithbook.errors import Unavailable
from kithbook.events import Described, Helped, Merged, Met, Retracted, Trusted
from kithbook.readings.reader import Reader
from kithbook_client import importing
from kithbook_client.exporting.jsonl import export_jsonl
from kithbook_client.founding import create_home, found
from kithbook_client.home import Home
from kithbook_client.importing import ImportReport, import_lines
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import AT, DAY_US, Clock, met, ref, rows, who

WHEN = "2026-03-01T10:00:00Z"


def take(replica: Replica, *lines: dict[str, Any] | str, **options: Any) -> ImportReport:
    return import_lines(
        replica, [x if isinstance(x, str) else json.dumps(x) for x in lines], **options
    )


def trusted(whom: str, level: object, **fields: object) -> dict[str, Any]:
    return {"type": "trusted", "whom": whom, "level": level, "at": WHEN, **fields}


class TestALine:
    def test_of_every_type_becomes_its_event(self, replica: Replica) -> None:
        report = take(
            replica,
            {"type": "met", "people": ["Bob", "Carol"], "where": "JavaZone", "how": "event"},
            {
                "type": "helped",
                "by": "Bob",
                "to": "me",
                "what": "a lead",
                "kind": "money",
                "size": 3,
            },
            {"type": "thanked", "to": "Bob", "note": "by card"},
            {"type": "referred", "by": "Bob", "who": "me", "to": "Dana"},
            trusted("Bob", 8.5, context="contracts"),
            {"type": "described", "person": "Bob", "set": {"org": "Acme"}, "unset": ["title"]},
            {"type": "merged", "people": ["Bob", "Robert"]},
            {"type": "ruled", "setting": "cut", "value": "1"},
        )

        assert (report.added, report.problems) == (8, [])
        events = [one.event for one in replica.events() if not isinstance(one.event, Described)]
        me, bob = replica.me, who(replica, "Bob")
        assert [type(event).__name__ for event in events[1:]] == [
            "Met", "Helped", "Thanked", "Referred", "Trusted", "Merged", "Ruled"
        ]  # fmt: skip
        assert (events[1].by, events[1].people) == (me, (bob, who(replica, "Carol")))
        assert (events[2].kind, events[2].size) == ("money", 3)
        assert events[5].level == 85
        assert all(event.batch == bytes.fromhex(report.batch) for event in events[1:])
        assert verify(replica, views=True).ok

    def test_without_a_time_happened_now(self, replica: Replica, clock: Clock) -> None:
        take(replica, {"type": "met", "people": ["Bob"]})

        assert replica.events()[-1].event.at == clock.ms * 1000

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("1970-01-02", (86_400_000_000, None)),
            ("1970-01-01T00:00:01.5Z", (1_500_000, 0)),
            ("1970-01-01T02:00:00+02:00", (0, 120)),
        ],
    )
    def test_keeps_its_time_as_it_was_told(
        self, replica: Replica, at: str, expected: object
    ) -> None:
        take(replica, {"type": "met", "people": ["Bob"], "at": at})

        event = replica.events()[-1].event
        assert (event.at, event.zone) == expected

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("{", "truncated"),
            ("[]", "Expected `object`"),
            ('{"people": ["Bob"]}', "missing required field `type`"),
            ({"type": "bought"}, "no type of event 'bought'"),
            ({"type": "met"}, "missing required field `people`"),
            ({"type": "met", "people": []}, "length >= 1"),
            ({"type": "met", "people": ["Bob"], "wher": "here"}, "unknown field `wher`"),
            ({"type": "met", "people": ["Bob"], "at": "soon"}, "is no date"),
            ({"type": "met", "people": ["Bob"], "at": "2026-03-01T10:00"}, "has no offset"),
            ({"type": "met", "people": [" "]}, "The name is empty"),
            ({"type": "met", "people": ["B\u202eob"]}, "control character"),
            (trusted("Bob", 11), "give 0 to 10"),
            ({"type": "met", "people": ["me"]}, "Nobody but you was there"),
            ({"type": "met", "by": "Bob", "people": ["Bob", "bob"]}, "Nobody but Bob was there"),
            ({"type": "helped", "to": "Bob"}, "The help is empty"),
            ({"type": "helped", "to": "Bob", "what": " "}, "The help is empty"),
            ({"type": "helped", "by": "Bob", "to": "bob"}, "stands on two sides"),
            ({"type": "thanked", "to": "me"}, "stands on two sides"),
            ({"type": "referred", "by": "me", "who": "Bob", "to": "Bob"}, "stands on two sides"),
            (trusted("me", 5), "stands on two sides"),
            (trusted("Bob", 8.55), "more than one decimal"),
            ({"type": "thanked", "to": "Bob", "for": ["abc:1"]}, "no event abc:1"),
            ({"type": "ruled", "setting": "cut", "value": "much"}, "no value for the rule cut"),
            ({"type": "met", "people": ["Bob"], "note": "x" * 70_000}, "holds at most 65,536"),
        ],
    )
    def test_that_makes_no_event_is_told_and_the_rest_goes_in(
        self, replica: Replica, line: Any, why: str
    ) -> None:
        report = take(replica, trusted("Carol", 1), line, trusted("Carol", 2))

        assert report.added == 2
        [problem] = report.problems
        assert problem.line == 2
        assert why in problem.why
        assert replica.lookup("bob") == []  # nobody is made for a line that came to nothing
        assert verify(replica, views=True).ok

    def test_that_is_no_text_is_told_too(self, replica: Replica) -> None:
        lines = [b'{"type":"met","people":["\xff"]}', "\ud800", b"\xef\xbb\xbf", b"  \r\n"]
        report = import_lines(replica, lines)

        assert [problem.line for problem in report.problems] == [1, 2, 3]


class TestPeople:
    def test_are_those_that_are_known_by_name_alias_or_address(self, replica: Replica) -> None:
        bob = who(replica, "Bob")
        said = {"name": "Bob", "alias:Bobby": "Bobby", "email:b@x": "b@x"}
        replica.append([Described(at=AT, person=bob, set=said)])

        names = ("bob", "BOBBY ", "b@x", "Ada", "ME")
        take(replica, *[trusted("Carol", 5, by=name) for name in names])

        assert [one.event.by for one in replica.events(limit=5)] == [bob] * 3 + [replica.me] * 2

    def test_are_known_from_now_on_where_the_line_is_still_to_come(
        self, replica: Replica, clock: Clock
    ) -> None:
        take(replica, {"type": "met", "people": ["Bob"], "at": "2099-01-01"})

        reader = replica.reader(clock.ms)
        assert [reader.names[one.person] for one in reader.contacts()] == ["Bob"]

    def test_are_made_once_however_they_are_spelled(self, replica: Replica) -> None:
        report = take(replica, trusted("Bob Ng", 1), trusted("bob  ng", 2), trusted("BOB NG", 3))

        assert report.added == 3
        births = [one for one in replica.events() if isinstance(one.event, Described)]
        assert len(births) == 2  # Ada's own, and his
        assert replica.names([who(replica, "Bob Ng")]) == {who(replica, "Bob Ng"): "Bob Ng"}

    def test_are_known_by_what_the_same_file_says_that_they_are_called(
        self, replica: Replica
    ) -> None:
        said = {"alias:Bobby": "Bobby", "email:b@x": "b@x"}
        described = {"type": "described", "person": "Bob", "set": said}

        take(replica, described, trusted("Bobby", 5), trusted("B@X", 6))

        assert [one.event.whom for one in replica.events(limit=2)] == [who(replica, "Bob")] * 2

    def test_of_one_name_are_a_problem_unless_they_are_one(self, replica: Replica) -> None:
        one, two = bytes([1]) * 16, bytes([2]) * 16
        for person in (one, two):
            replica.append([Described(at=AT, person=person, set={"name": "Bob"})])
        assert "2 people here are called “Bob”" in take(replica, trusted("Bob", 5)).problems[0].why

        replica.append([Merged(at=AT, people=(one, two))])

        assert take(replica, trusted("Bob", 5)).added == 1

    def test_that_were_renamed_are_still_who_was_made_by_the_name(self, replica: Replica) -> None:
        take(replica, trusted("Bob", 1))
        replica.append([Described(at=AT, person=who(replica, "Bob"), set={"name": "Robert"})])

        take(replica, trusted("Bob", 2))

        assert replica.names([who(replica, "Bob")]) == {who(replica, "Bob"): "Robert"}
        assert replica.events()[-1].event.whom == who(replica, "Bob")


class TestAgain:
    def test_nothing_is_added(self, replica: Replica) -> None:
        lines = [trusted("Bob", n % 3) for n in range(10)]
        first = take(replica, *lines)
        before = rows(replica), replica.digest()

        again = take(replica, *lines)

        assert (first.added, again.added, again.skipped) == (10, 0, 10)
        assert (rows(replica), replica.digest()) == before

    def test_only_what_a_grown_file_has_more_is_added(self, replica: Replica) -> None:
        take(replica, trusted("Bob", 1), trusted("Bob", 1))

        report = take(replica, trusted("Bob", 1), trusted("Bob", 1), trusted("Bob", 1))

        assert (report.added, report.skipped) == (1, 2)

    def test_what_was_taken_back_goes_in_again(self, replica: Replica) -> None:
        take(replica, trusted("Bob", 1), trusted("Bob", 2))
        replica.append([Retracted(at=AT, event=replica.find_event("last").ref)])

        report = take(replica, trusted("Bob", 1), trusted("Bob", 2))

        assert (report.added, report.skipped) == (1, 1)
        assert replica.find_event("last").void is None
        assert verify(replica, views=True).ok

    def test_equal_lines_may_be_written_differently(self, replica: Replica) -> None:
        take(replica, '{"type":"trusted","whom":"Bob","level":4}')

        report = take(replica, '{ "level": 4.0, "whom": "B\\u006fb", "type": "trusted" }')

        assert report.skipped == 1

    def test_sources_are_those_of_the_first_release(self, replica: Replica) -> None:
        """A source is written into events for ever: how it is worked out may never change."""
        take(replica, trusted("Bob", 4, note="x"), trusted("Bob", 4, note="x"))

        sources = [one.event.source for one in replica.events(limit=2)]

        assert [source.hex() for source in sources if source] == [
            "13468249c342fc8ed3e37831cb93df9e",
            "3a8192e0700568c1e6ce3d81dc64da9f",
        ]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
    @given(cuts=st.lists(st.integers(0, 12), max_size=3))
    def test_after_any_interruption_it_ends_the_same(self, home: Home, cuts: list[int]) -> None:
        lines = [json.dumps(trusted(f"P{n % 4}", n % 5)) for n in range(12)]
        whole = found(home, "whole", "Ada")
        import_lines(whole, lines)
        cut = found(home, "cut", "Ada")
        for stop in cuts:
            with pytest.raises(Unavailable):
                import_lines(cut, _until(lines, stop))
        assert import_lines(cut, lines).problems == []

        assert whole.count() == cut.count()
        assert _facts(whole) == _facts(cut)


def _until(lines: list[str], stop: int) -> Iterable[str]:
    yield from lines[:stop]
    raise Unavailable("pulled the plug")


def test_each_chunk_is_one_transaction(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 4)
    monkeypatch.setattr(importing, "STEP", 2)
    told: list[int] = []
    lines = [json.dumps(trusted(f"P{n}", 5)) for n in range(10)]

    report = import_lines(replica, lines, progress=told.append)

    assert told == [2, 4, 6, 8, 10]
    assert report.added == 10
    assert verify(replica, views=True).ok


def test_a_dry_run_tells_all_and_writes_nothing(replica: Replica) -> None:
    before = replica.digest()
    lines = [
        trusted("Bob", 1, event="aa:1"),
        {"type": "thanked", "to": "Bob", "for": ["aa:1"]},
        "x",
    ]

    report = take(replica, *lines, dry_run=True)

    assert (report.added, len(report.problems)) == (2, 1)
    assert replica.digest() == before


def test_thanks_close_the_help_of_the_same_file(replica: Replica) -> None:
    helped = {"type": "helped", "by": "Bob", "what": "x", "to": "me", "event": "aa:7"}
    thanked = {"type": "thanked", "to": "Bob", "for": ["aa:7"]}

    assert take(replica, helped, thanked).problems == []
    assert list(replica.reading(AT // 1000).helps_of([replica.me])) == []

    again = take(replica, helped, thanked, {**thanked, "note": "once more"})
    assert (again.added, again.skipped) == (1, 2)
    assert replica.find_event("last").event.helps[0].seq == 4


class TestAnExport:
    def test_read_into_an_empty_home_gives_the_same(self, home: Home, tmp_path: Path) -> None:
        replica = home.replica()
        bob, two = who(replica, "Bob"), bytes([7]) * 16
        helped = Helped(at=AT, zone=60, by=bob, to=replica.me, what="x", kind="fun", size=2)
        [_, help_, _, gone] = replica.append(
            [
                Described(at=AT, person=bob, set={"name": "Bob", "tag:java": "java"}),
                helped,
                met(replica, "Bob", where="Zürich"),
                Trusted(at=AT, by=bob, whom=two, level=None),
            ]
        )
        take(replica, {"type": "thanked", "to": "Bob"}, trusted("Bob", 7, by="Carol"))
        replica.append(
            [
                Described(at=AT, person=two, set={"name": "bob"}),
                Trusted(at=AT, by=replica.me, whom=two, level=95, context="sailing"),
                Met(at=AT - AT % DAY_US, zone=None, by=two, people=(bob, replica.me)),
                Retracted(at=AT, event=ref(gone)),
                Merged(at=AT, people=(bob, who(replica, "Carol"))),
            ]
        )
        out = io.BytesIO()

        count = export_jsonl([replica], out)

        assert count == len(out.getvalue().splitlines()) == replica.count() - 3
        other = create_home(tmp_path / "other", "Ada", "other", home.now_ms).replica()
        report = import_lines(other, out.getvalue().splitlines())
        assert (report.added, report.problems) == (count, [])
        assert _facts(other) == _facts(replica)
        assert import_lines(other, out.getvalue().splitlines()).added == 0
        assert help_.event == helped

    def test_keeps_two_of_one_name_apart(self, replica: Replica) -> None:
        for n in (1, 2):
            replica.append([Described(at=AT, person=bytes([n]) * 16, set={"name": "Bob"})])
        out = io.BytesIO()

        export_jsonl([replica], out)

        people = [json.loads(line)["person"] for line in out.getvalue().splitlines()]
        assert people == ["me", "Bob", "Bob (2)"]


def _facts(replica: Replica) -> object:
    """What a person would compare, by names."""
    reader = Reader(replica.reading(AT // 1000), replica.members, replica.me, AT)
    name = reader.names.__getitem__
    ledger = {
        name(person): (
            account.given,
            account.received,
            len(account.thanks_owed),
            len(account.thanks_due),
        )
        for person, account in reader.ledger().items()
    }
    contacts = sorted((name(c.person), c.first, c.last, c.events) for c in reader.contacts())
    return contacts, ledger, sorted((name(s.to), s.score, s.basis) for s in reader.scores())
