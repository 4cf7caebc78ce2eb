"""The errors a person or a program may meet, each with a stable code, a sentence and a next step.

    KithbookError
    ├── Invalid        the input cannot mean anything (a level of 11, a date that is none)
    ├── NotFound       nothing here has that name or id
    ├── Ambiguous      more than one person fits; `candidates` lists them
    ├── Refused        it would break a promise (another's log, a spent link)
    ├── TooLarge       past a limit that is a setting
    ├── Unsupported    written by a newer kithbook
    ├── Unavailable    the other end or the disk cannot be used now; trying again may help
    └── Damaged        stored bytes are not what was written

Outcomes that a protocol expects (a gap, a fork, a duplicate) are values, never these.
"""


class KithbookError(Exception):
    """`message` is one sentence with the values in it; `hint` is what to do next, or empty."""

    code = "error"

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class Invalid(KithbookError):
    code = "invalid"


class NotFound(KithbookError):
    code = "not_found"


class Ambiguous(KithbookError):
    """`candidates` are lines for a person to choose from."""

    code = "ambiguous"

    def __init__(self, message: str, hint: str = "", *, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.candidates = candidates


class Refused(KithbookError):
    code = "refused"


class TooLarge(KithbookError):
    code = "too_large"


class Unsupported(KithbookError):
    code = "unsupported"


class Unavailable(KithbookError):
    code = "unavailable"


class Damaged(KithbookError):
    code = "damaged"
