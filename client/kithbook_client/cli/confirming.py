"""Asking before what is not easily undone."""

import click

from kithbook.errors import Refused
from kithbook_client.cli.call import Call
from kithbook_client.cli.output import plain


def confirm(call: Call, question: str, kept: str) -> None:
    """Ask where somebody can be asked; elsewhere the line is meant as it stands.

    `kept` is what is said after a no.
    """
    if call.may_ask and not click.confirm(plain(question)):
        raise Refused(kept)


def insist(call: Call, question: str, why: str, line: str, kept: str) -> None:
    """Ask, and where nobody can be asked the line has to say it with --yes.

    `why` is what makes one ask, `line` what was typed.
    """
    if not call.may_ask:
        raise Refused(why, f"Say that you mean it: {line} --yes")
    confirm(call, question, kept)
