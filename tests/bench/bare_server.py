"""The bare log server: the same stack (Litestar on uvicorn, SQLite with WAL and FULL), one row an
event with its key, and nothing that looks at a row. `python -m tests.bench.bare_server FOLDER`
prints the port it listens on. With the URL of a PostgreSQL, the rows go there by COPY.
"""

import socket
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import uvicorn
from litestar import Litestar, MediaType, get, post
from litestar.params import Body

from tests.bench import limits


class Push(msgspec.Struct, array_like=True):
    log: bytes
    first: int
    records: list[bytes]


ROUND = 10_000
"""As many events in one request as a round of ours takes."""


def application(db: limits.Connection | limits.Postgres) -> Litestar:
    insert, after = (
        (db.insert, db.after)
        if isinstance(db, limits.Postgres)
        else (partial(limits.insert_many, db), partial(limits.after, db))
    )
    decode = msgspec.msgpack.Decoder(Push).decode
    encode = msgspec.msgpack.encode

    @post("/push", status_code=200)
    async def push(body: Annotated[bytes, Body()]) -> None:
        pushed = decode(body)
        insert(limits.numbered(pushed.records, pushed.first, pushed.log))

    @get("/pull/{log:str}/{seq:int}", media_type=MediaType.MESSAGEPACK)
    async def pull(log: str, seq: int) -> bytes:
        return encode(after(bytes.fromhex(log), seq, ROUND))

    return Litestar([push, pull], openapi_config=None, request_max_body_size=None)


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)
    folder, *url = sys.argv[1:]
    db = limits.Postgres(*url) if url else limits.database(Path(folder) / "bare.db")
    config = uvicorn.Config(application(db), log_level="warning", access_log=False, lifespan="off")
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
