"""Progress of long work, for whoever looks at a terminal; nothing where nobody does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kithbook_client.cli.call import Call
from kithbook_client.cli.output import is_terminal

Report = Callable[..., None]
"""Called with how much is done, and of how much where that is known."""


@contextmanager
def progress(call: Call, what: str) -> Iterator[Report | None]:
    """What to report to while the work lasts, or None."""
    if call.json or not is_terminal():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)
