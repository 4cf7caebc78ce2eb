"""`kithd` as it is run: a process, its words, its signals and its exit codes."""

import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from kithbook.protocol import (
    Challenge,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
)
from kithbook_server.__main__ import main
from kithbook_server.audit import audit
from kithbook_server.keys import verify
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings
from kithbook_server.stores import open_accounts
from tests.devices import Log
from tests.server.served import MSGPACK, read

KITHD = [sys.executable, "-m", "kithbook_server"]


class Kithd:
    """A running kithd, and the first line that it printed."""

    def __init__(self, folder: Path, port: int = 0, database: str = "") -> None:
        self.folder = folder
        store = ["--database", database] if database else ["--data", str(folder)]
        command = [*KITHD, "serve", "--port", str(port), *store]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.line = self.process.stdout.readline().strip()
        self.address, _, self.secret = self.line.partition("/setup#")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def post(
        self, path: str, message: msgspec.Struct, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        body = msgspec.msgpack.encode(message)
        return httpx.post(self.address + path, content=body, headers={**MSGPACK, **(headers or {})})

    def join(self, log: Log, secret: str) -> None:
        request = JoinRequest(log.network, log.device.public, secret.encode())
        assert self.post("/v1/join", request).status_code == 200

    def session(self, log: Log) -> dict[str, str]:
        """The header of a new session."""
        asked = SessionRequest(log.device.public)
        nonce = read(self.post("/v1/session", asked), Challenge).nonce
        signature = log.device.sign_session(self.address, nonce)
        asked = SessionRequest(log.device.public, nonce, signature)
        token = read(self.post("/v1/session", asked), Session).token
        return {"authorization": f"Bearer {token}"}

    def sync(self, log: Log, request: SyncRequest) -> SyncReply:
        """A round in a session of its own."""
        path = f"/v1/networks/{log.network.hex()}/sync"
        return read(self.post(path, request, self.session(log)), SyncReply)

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what it said on stderr."""
        self.process.send_signal(with_signal)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@contextmanager
def running(folder: Path, port: int = 0, database: str = "") -> Iterator[Kithd]:
    kithd = Kithd(folder, port, database)
    try:
        yield kithd
    finally:
        if kithd.process.poll() is None:
            kithd.process.kill()
        kithd.process.communicate()


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KITHD, *words], capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def ada() -> Log:
    return Log.found().write(20)


def test_what_it_acknowledged_survives_a_kill(tmp_path: Path, ada: Log) -> None:
    folder = tmp_path / "data"
    with running(folder) as kithd:
        assert kithd.line.startswith("http://127.0.0.1:")
        assert kithd.secret
        port = kithd.port
        kithd.join(ada, kithd.secret)
        assert kithd.sync(ada, SyncRequest([], ada.pages())).heads == [ada.head()]
        assert kithd.end(signal.SIGKILL) == (-signal.SIGKILL, "")
    with running(folder, port) as kithd:
        assert kithd.line == f"http://127.0.0.1:{port}", "no second setup link"
        assert kithd.sync(ada, SyncRequest([])).heads == [ada.head()]
        another = run("link", "--data", str(folder)).stdout.strip()
        assert another.startswith(f"http://127.0.0.1:{port}/setup#")
        kithd.join(Log.found("Eve"), another.partition("#")[2])
        checked = run("verify", "--data", str(folder), "--json")
        assert checked.returncode == 0
        told = msgspec.json.decode(checked.stdout)
        assert told == {"ok": True, "events": ada.seq, "problems": []}
        assert kithd.end(signal.SIGTERM) == (0, "")


def test_a_kill_in_the_middle_of_pushes_leaves_whole_logs(tmp_path: Path, ada: Log) -> None:
    ada.write(3_000)
    acknowledged: list[int] = []
    with running(tmp_path) as kithd:
        kithd.join(ada, kithd.secret)

        def push() -> None:
            for page in ada.pages(size=20):
                try:
                    reply = kithd.sync(ada, SyncRequest([], [page]))
                except httpx.HTTPError:
                    return
                acknowledged.append(reply.heads[0].seq)

        pushing = threading.Thread(target=push)
        pushing.start()
        while len(acknowledged) < 5:
            assert pushing.is_alive()
            time.sleep(0.01)
        kithd.end(signal.SIGKILL)
        pushing.join()
    recorder = SQLiteLogRecorder.open(tmp_path / "logs.sqlite")
    try:
        found = audit(recorder, verify)
    finally:
        recorder.close()
    assert found.ok, found
    assert acknowledged[-1] <= found.events < ada.seq


def test_it_ends_in_order_and_says_so_by_its_exit_code(tmp_path: Path) -> None:
    with running(tmp_path) as kithd:
        assert httpx.get(kithd.address + "/health/ready").json() == {"status": "ok"}
        assert kithd.end(signal.SIGINT) == (0, "")
    assert not list(tmp_path.glob("*-wal")), "both databases were closed"
    with running(tmp_path) as kithd:
        assert "#" not in kithd.line, "a link still waits"


def test_a_request_that_is_open_is_finished_before_it_ends(tmp_path: Path, ada: Log) -> None:
    with running(tmp_path) as kithd:
        kithd.join(ada, kithd.secret)
        kithd.sync(ada, SyncRequest([], ada.pages()))
        ada.write(5)
        body = msgspec.msgpack.encode(SyncRequest([], ada.pages(after=ada.seq - 5)))
        path = f"/v1/networks/{ada.network.hex()}/sync"
        told = [f"{name}: {text}" for name, text in {**MSGPACK, **kithd.session(ada)}.items()]
        told += ["host: here", f"content-length: {len(body)}"]
        head = [f"POST {path} HTTP/1.1", *told, "", ""]
        with socket.create_connection(("127.0.0.1", kithd.port), timeout=30) as line:
            line.sendall("\r\n".join(head).encode() + body[:10])
            # It has to have begun: a second connection is answered after it.
            assert httpx.get(kithd.address + "/health").status_code == 200
            kithd.process.send_signal(signal.SIGTERM)
            while listens(kithd.port):
                time.sleep(0.01)
            line.sendall(body[10:])
            answer = b""
            while part := line.recv(65_536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200")
        kithd.process.wait(timeout=30)
        assert kithd.process.returncode == 0
    with running(tmp_path, kithd.port) as kithd:
        assert kithd.sync(ada, SyncRequest([])).heads == [ada.head()]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_whoever_looks_is_told_what_the_link_is_for(tmp_path: Path) -> None:
    for is_first in (True, False):
        ours, theirs = pty.openpty()
        command = [*KITHD, "serve", "--port", "0", "--data", str(tmp_path)]
        process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        with os.fdopen(ours) as terminal:
            sentence, link = terminal.readline(), terminal.readline().strip()
            process.terminate()
            process.communicate(timeout=30)
        assert sentence.startswith("Listening.")
        assert link.startswith("http://127.0.0.1:")
        assert ("#" in link) == is_first
        assert process.returncode == 0


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"kithd cannot listen on 127.0.0.1:{port}: Address already")
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_damaged_file_and_a_bad_folder_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "logs.sqlite").write_bytes(b"not a database" * 500)
    (tmp_path / "accounts.sqlite").write_bytes(b"")
    for words in (("serve", "--port", "0"), ("verify",)):
        done = run(*words, "--data", str(tmp_path))
        assert done.returncode == 1
        assert "logs.sqlite is damaged" in done.stderr
        assert "Traceback" not in done.stderr
    done = run("serve", "--port", "0", "--data", str(tmp_path / "logs.sqlite" / "deeper"))
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_says_what_is_wrong_and_exits_with_1(tmp_path: Path, ada: Log) -> None:
    with running(tmp_path) as kithd:
        kithd.join(ada, kithd.secret)
        kithd.sync(ada, SyncRequest([], ada.pages()))
        kithd.end()
    with sqlite3.connect(tmp_path / "logs.sqlite") as sql:
        sql.execute("DROP TRIGGER record_refuses_UPDATE")
        sql.execute("UPDATE record SET record = CAST(record || 'x' AS BLOB) WHERE position = 7")
    sql.close()
    done = run("verify", "--data", str(tmp_path))
    assert done.returncode == 1
    assert f"{ada.id.hex()}:7: its bytes are not those that were hashed" in done.stdout


def told(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The same within this process, for what ends before it serves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["kithd", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("serve", "--port", "0", "--database", "mysql:x"),
            2,
            "The URL of the database cannot be used",
        ),
        (
            ("verify", "--database", "postgresql://127.0.0.1:1/y"),
            1,
            "y on 127.0.0.1 cannot be used",
        ),
        (
            ("link", "--database", "postgresql:///y", "--database-password-file", "/no/such"),
            1,
            "cannot be read from /no/such: No such file",
        ),
        (("serve", "--port", "high"), 2, "port"),
        (
            (
                "serve",
                "--nonsense",
            ),
            2,
            "--nonsense",
        ),
        (("link", "--data", "/nonexistent"), 1, "no data of kithd"),
        (("verify", "--data", "/nonexistent"), 1, "no data of kithd"),
    ],
)
def test_misuse_is_told(
    words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = told(words, capsys)
    assert (ended, out) == (code, "")
    assert said in err


def test_without_its_library_postgresql_is_told_with_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("kithbook_server.log.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    words = ("serve", "--port", "0", "--database", "postgresql://127.0.0.1/x")
    ended, out, err = told(words, capsys)
    assert (ended, out) == (2, "")
    assert "pip install 'kithbook[server,postgres]'" in err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    ended, out, _ = told(("--help",), capsys)
    assert ended == 0
    for command in ("serve", "link", "verify", "rebuild", "move", "backup", "restore"):
        assert command in out
        assert told((command, "--help"), capsys)[0] == 0


def test_a_link_leads_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=str(tmp_path))
    open_accounts(settings).close()
    data = ("link", "--data", str(tmp_path))
    for words, address in (
        ((), "http://127.0.0.1:8123"),
        (("--host", "kith.local", "--port", "80"), "http://kith.local:80"),
        (("--host", "::1"), "http://[::1]:8123"),
        (("--host", "0.0.0.0"), "http://127.0.0.1:8123"),
        (("--origin", "https://kith.example.org/"), "https://kith.example.org"),
    ):
        ended, out, _ = told((*data, *words), capsys)
        assert ended == 0
        assert out.startswith(address + "/setup#")
