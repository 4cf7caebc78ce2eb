"""The main job, shown for real: three laptops without a network, a server, and one story.

Everything runs as a person would run it, each `kith` a process of its own, in a folder that is left
behind to look around in.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from kithbook.errors import KithbookError, Unavailable

LAPTOPS = ("desk", "train", "cafe")

# What Ada logs on each laptop while there is no network. The oldest facts are on the desk, whose
# turn to sync comes last, so they arrive late everywhere else.
STORY = {
    "desk": (
        ("trusted", "Bob", "10", "--at", "2026-03-02", "--note", "ten years of work together"),
        ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-03-09"),
        ("met", "Bob", "Carol", "--at", "2026-03-09", "--where", "JavaZone"),
    ),
    "train": (
        ("helped", "me", "found us an office", "--by", "Bob", "--at", "2026-05-11"),
        ("helped", "Bob", "reviewed his contract", "--at", "2026-05-20", "--size", "2"),
    ),
    "cafe": (
        ("referred", "me", "--by", "Bob", "--to", "Dana", "--at", "2026-09-01"),
        ("met", "Dana", "--at", "2026-09-08", "--how", "call"),
        ("helped", "me", "six months of work", "--by", "Dana", "--kind", "money", "--size", "3",
         "--at", "2026-10-01"),
        ("thanked", "Dana", "--at", "2026-10-02"),
    ),
}  # fmt: skip

Say = Callable[[str], None]


def run(data: Path | None = None, folder: Path | None = None, say: Say = print) -> bool:
    """Play the story and compare the laptops; whether they agree, and trust came out as 5.0.

    `data` is a JSONL history to import on the desk. `folder` takes the homes and the server's
    data; by default it is a new one among the temporary files. Raises KithbookError when a
    command fails.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="kith-demo-"))
    stage = _Stage(folder, say)
    say("A server, and three laptops of Ada's that share her private network.\n")
    with stage.server():
        stage.meet()
    say("\nThe network is gone. Each laptop goes on by itself.\n")
    for laptop, lines in STORY.items():
        for line in lines:
            stage.kith(laptop, *line)
    if data is not None:
        stage.kith("desk", "import", str(data))
    say("\nThe network is back. The desk, which has the oldest facts, syncs last.\n")
    with stage.server():
        for laptop in ("cafe", "train", "desk", "cafe", "train"):
            stage.kith(laptop, "sync")
        same = stage.compare()
    say("\nThe server is stopped; every laptop still has everything. Look around:\n")
    say(f"  export KITH_HOME={folder / 'desk'}")
    say("  kith show Bob      kith why Carol      kith log      kith next")
    return same


class _Stage:
    """The folder with the homes, and the server while it is up."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self.say = say
        self.port = "0"
        self.link = ""

    @contextmanager
    def server(self) -> Iterator[None]:
        """A real kithd over the folder's data; the first start gives the setup link."""
        command = [sys.executable, "-m", "kithbook_server", "serve"]
        options = ["--port", self.port, "--data", str(self.folder / "server")]
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, *options], stdout=subprocess.PIPE, text=True
        )
        try:
            self._await(process)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=20)

    def _await(self, process: subprocess.Popen[str]) -> None:
        """Wait until the server says where it listens."""
        assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
        for line in process.stdout:
            if "://" in line:
                url = line[line.index("http") :].strip()
                self.link = self.link or url
                self.port = url.split("://")[1].split("/")[0].rpartition(":")[2]
                return
        raise Unavailable(
            "The server did not start.", "Install it with: pip install 'kithbook[server]'."
        )

    def meet(self) -> None:
        """Found Ada's network on the desk and connect the other laptops to it."""
        self.kith("desk", "init", "--me", "Ada", "--device", "desk")
        self.kith("desk", "join", self.link)
        for laptop in LAPTOPS[1:]:
            link = self.kith("desk", "device", "add").splitlines()[-1]
            self.kith(laptop, "join", link, "--device", laptop)

    def compare(self) -> bool:
        """Show what the desk sees, and whether the others and the server see the same."""
        for look in (("contacts",), ("ledger",), ("trust",), ("why", "Carol")):
            self.kith("desk", *look)
        scores = {laptop: self._ask(laptop, "trust", "Carol")["score"] for laptop in LAPTOPS}
        digests = {laptop: self._digest(laptop) for laptop in LAPTOPS}
        digests["server"] = self._server_digest()
        self.say("")
        for place, digest in digests.items():
            trust = f"trust in Carol {scores[place]}" if place in scores else ""
            self.say(f"  {place:6}  {trust:18}  digest {digest}")
        same = len(set(digests.values())) == 1 and set(scores.values()) == {5.0}
        self.say("  All the same." if same else "  They differ, which must never happen.")
        return same

    def _digest(self, laptop: str) -> str:
        return str(self._ask(laptop, "status")["networks"][0]["digest"])

    def _server_digest(self) -> str:
        """What the server's own views come to, rebuilt from its log."""
        command = [sys.executable, "-m", "kithbook_server", "rebuild", "--json"]
        told = _output([*command, "--data", str(self.folder / "server")], "kithd rebuild")
        return str(msgspec.json.decode(told)["networks"][0]["digest"])

    def _ask(self, laptop: str, *words: str) -> dict[str, Any]:
        return dict(msgspec.json.decode(self._run(laptop, *words, "--json")))

    def kith(self, laptop: str, *words: str) -> str:
        """Run one command on a laptop, as it would look on its terminal; what it printed."""
        quoted = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.say(f"{laptop}$ kith {quoted}")
        out = self._run(laptop, *words)
        self.say(out.rstrip() + "\n" if "\n" in out.rstrip() else out.rstrip())
        return out.rstrip()

    def _run(self, laptop: str, *words: str) -> str:
        command = [sys.executable, "-m", "kithbook_client", "--home", str(self.folder / laptop)]
        return _output([*command, *words], f"kith {words[0]} on the {laptop}")


def _output(command: list[str], what: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise KithbookError(f"{what} failed: {done.stderr.strip()}")
    return done.stdout
