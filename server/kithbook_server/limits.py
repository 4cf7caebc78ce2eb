"""How much is too much: so many requests a minute, counted apart for each who asks."""

from collections.abc import Callable, Hashable

from kithbook.errors import KithbookError, Refused

WINDOW_SECONDS = 60


class TooMany(Refused):
    """`seconds` is how long to wait before the next try."""

    code = "too_many_requests"

    def __init__(self, message: str, hint: str, seconds: int) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


class TooSlow(KithbookError):
    """A body that does not come."""

    code = "too_slow"


class Rate:
    """At most `limit` requests of each in a minute; 0 for any number. `now` is in seconds.

    `asker` is what a message calls them, and `setting` is what could be raised.
    """

    def __init__(self, limit: int, asker: str, setting: str, now: Callable[[], float]) -> None:
        self.limit = limit
        self.asker = asker
        self.setting = setting
        self.now = now
        self._window = -1
        self._counts: dict[Hashable, int] = {}

    def count(self, who: Hashable) -> None:
        """Raises TooMany past the limit, until the minute is over."""
        window, passed = divmod(self.now(), WINDOW_SECONDS)
        if window != self._window:
            self._window = int(window)
            self._counts.clear()
        count = self._counts[who] = self._counts.get(who, 0) + 1
        if self.limit and count > self.limit:
            seconds = int(WINDOW_SECONDS - passed) + 1
            raise TooMany(
                f"{self.asker} has asked {count:,} times within a minute, and may"
                f" {self.limit:,} times.",
                f"Try again in {seconds} seconds, or have {self.setting} raised.",
                seconds,
            )
