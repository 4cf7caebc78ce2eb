"""The options that say where the data are, and the settings that follow from them."""

import os
from typing import Any

import click

from kithbook.errors import NotFound
from kithbook_server.settings import Settings, read_settings

data_option = click.option(
    "--data", metavar="DIR", help="The folder for the databases. [KITHD_DATA]"
)
database_option = click.option(
    "--database", metavar="URL", help="A PostgreSQL to use instead. [KITHD_DATABASE]"
)
password_option = click.option(
    "--database-password-file",
    metavar="FILE",
    help="Holds the password for it. [KITHD_DATABASE_PASSWORD_FILE]",
)


def settings_of(options: dict[str, Any]) -> Settings:
    return read_settings(os.environ, options)


def require_data(settings: Settings) -> None:
    if not settings.database and not (settings.folder / "accounts.sqlite").exists():
        raise NotFound(
            f"There are no data of kithd in {settings.folder}.",
            "Say with --data where `kithd serve` keeps them.",
        )
