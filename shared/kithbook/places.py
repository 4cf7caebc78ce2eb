"""Where events stand, kept so small that there may be millions of them: eight bytes a mention."""

from array import array

from kithbook.facts.tables import Place

_SEQ_BITS = 40


class Numbers:
    """A place as one number, and back."""

    def __init__(self) -> None:
        self._logs: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def of(self, place: Place) -> int:
        log, seq = place
        number = self._numbers.get(log)
        if number is None:
            number = self._numbers[log] = len(self._logs)
            self._logs.append(log)
        return number << _SEQ_BITS | seq

    def place(self, number: int) -> Place:
        return self._logs[number >> _SEQ_BITS], number & ((1 << _SEQ_BITS) - 1)


class Named:
    """The events that name a person."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, array[int]] = {}

    def add(self, person: bytes, number: int) -> None:
        numbers = self._numbers.get(person)
        if numbers is None:
            self._numbers[person] = array("Q", (number,))
        else:
            numbers.append(number)

    def both(self, a: bytes, b: bytes) -> set[int]:
        """Those that name both."""
        few, many = sorted((self._numbers.get(one, ()) for one in (a, b)), key=len)
        return set(few).intersection(many)


class Sources:
    """The events that have a source; what is found may also have another, which is rare."""

    def __init__(self) -> None:
        self._numbers: dict[int, int | tuple[int, ...]] = {}

    def add(self, author: bytes, source: bytes, number: int) -> bool:
        """Whether another event has it too."""
        key = hash((author, source))
        before = self._numbers.get(key)
        if before is None or before == number:
            self._numbers[key] = number
            return False
        others = (before,) if isinstance(before, int) else before
        if number not in others:
            self._numbers[key] = (*others, number)
        return True

    def having(self, author: bytes, source: bytes) -> tuple[int, ...]:
        found = self._numbers.get(hash((author, source)), ())
        return (found,) if isinstance(found, int) else found


class Beside:
    """One place beside another, for events that come close to one another in their logs."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, array[int]] = {}

    def put(self, place: Place, number: int) -> None:
        log, seq = place
        numbers = self._numbers.setdefault(log, array("Q"))
        if len(numbers) <= seq:
            numbers.extend(array("Q", bytes(8 * (seq + 1 - len(numbers)))))
        numbers[seq] = number + 1

    def drop(self, place: Place) -> None:
        if self.get(place) is not None:
            self._numbers[place[0]][place[1]] = 0

    def get(self, place: Place) -> int | None:
        log, seq = place
        numbers = self._numbers.get(log, ())
        return numbers[seq] - 1 if seq < len(numbers) and numbers[seq] else None
