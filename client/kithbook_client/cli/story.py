"""The story that `kith demo` plays."""

from pathlib import Path

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import print_json, say


class DemoAnswer(msgspec.Struct, frozen=True):
    """Whether the laptops agree in the end."""

    same: bool


FILE = click.Path(path_type=Path, resolve_path=True)


@command("demo", "kith demo", "kith demo --data history.jsonl --folder /tmp/demo")
@click.option("--data", type=FILE, metavar="FILE", help="A history for one laptop to import.")
@click.option(
    "--folder", type=FILE, metavar="DIR", help="Where to leave the homes (default a new folder)."
)
def kith_demo(call: Call, data: Path | None, folder: Path | None) -> None:
    """See three laptops and a server at work.

    They are real, in a folder of their own; your home is not touched.
    """
    from kithbook_client.demo import run

    same = run(data, folder, (lambda _: None) if call.json else say)
    call.exit_code = 0 if same else 1
    if call.json:
        print_json(DemoAnswer(same))
