"""The bare log server: the same stack (Litestar on uvicorn, SQLite with WAL and FULL), one row an
event with its key, and nothing that looks at a row. `python -m tests.bench.bare_server FOLDER`
prints the port it listens on.
"""

import socket
import sys
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


def application(folder: Path) -> Litestar:
    db = limits.database(folder / "bare.db")
    decode = msgspec.msgpack.Decoder(Push).decode
    encode = msgspec.msgpack.encode

    @post("/push", status_code=200)
    async def push(body: Annotated[bytes, Body()]) -> None:
        pushed = decode(body)
        limits.insert_many(db, limits.numbered(pushed.records, pushed.first, pushed.log))

    @get("/pull/{log:str}/{seq:int}", media_type=MediaType.MESSAGEPACK)
    async def pull(log: str, seq: int) -> bytes:
        return encode(limits.after(db, bytes.fromhex(log), seq, ROUND))

    return Litestar([push, pull], openapi_config=None, request_max_body_size=None)


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        application(Path(sys.argv[1])), log_level="warning", access_log=False, lifespan="off"
    )
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
