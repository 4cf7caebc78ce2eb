"""How commands are made: the same three options everywhere, and examples in the help."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import click

from kithbook_client.cli.call import set_on_call

SETTINGS: dict[str, Any] = {"max_content_width": 100}


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help())
        ctx.exit()


# Click's own would look for a translation of its help each time that a command starts.
HELP = click.Option(
    ["-h", "--help"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_help,
    help="Show this page.",
)
EVERYWHERE = (
    click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        callback=set_on_call,
        help="Answer in JSON, and say in JSON what went wrong.",
    ),
    click.Option(
        ["home_path", "--home"],
        metavar="DIR",
        expose_value=False,
        callback=set_on_call,
        help="Where everything is kept (default $KITH_HOME, else your data folder).",
    ),
    click.Option(
        ["network", "--in"],
        metavar="NETWORK",
        expose_value=False,
        callback=set_on_call,
        help="The network, by name or start of id (default: read all, write to the current).",
    ),
    HELP,
)


class Number(click.Argument):
    """The last argument of a command; one below 0 is no option, and the command judges it."""


class Command(click.Command):
    """A command; `examples` are lines that can be typed as they stand.

    Options that it shares with others are given as `shared`.
    """

    def __init__(
        self,
        *args: Any,
        examples: tuple[str, ...] = (),
        shared: tuple[click.Option, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_help_option = False
        self.context_settings = SETTINGS
        self.examples = examples
        self.params += shared + EVERYWHERE

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, [*args])
        except click.NoSuchOption:
            below = [at for at, arg in enumerate(args) if re.fullmatch(r"-[0-9.]+", arg)]
            if not below or not any(isinstance(param, Number) for param in self.params):
                raise
        args = [*args]
        number = args.pop(below[-1])
        return super().parse_args(ctx, [*args, "--", number])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.params if isinstance(param, click.Option)]
        own = [option for option in options if option not in EVERYWHERE]
        _write_options(ctx, formatter, "Options", own)
        _write_options(ctx, formatter, "Everywhere", EVERYWHERE)
        with formatter.section("Examples"):
            formatter.write("".join(f"  {line}\n" for line in self.examples))


class Commands(click.Group):
    """A command that has further ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_help_option = False
        self.context_settings = SETTINGS
        self.params += EVERYWHERE

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        options = [param for param in self.params if isinstance(param, click.Option)]
        _write_options(ctx, formatter, "Everywhere", options)


def _write_options(
    ctx: click.Context,
    formatter: click.HelpFormatter,
    heading: str,
    options: Iterable[click.Option],
) -> None:
    records = [record for option in options if (record := option.get_help_record(ctx))]
    if records:
        with formatter.section(heading):
            formatter.write_dl(records)


def command(
    name: str, *examples: str, shared: tuple[click.Option, ...] = ()
) -> Callable[[Callable[..., None]], Command]:
    """Make a function a command that gets the call as its first argument."""
    made = click.command(name, cls=Command, examples=examples, shared=shared)
    return lambda function: made(click.pass_obj(function))
