"""Requests made up from the OpenAPI document, to a real kithd: whatever they are, it stays well."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.processes.real import Laptop, Server
from tests.processes.test_http import session

EXAMPLES = 5
"""Of each address, that the document allows and that it does not."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]

bounded = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("who", ["member", "stranger", "nobody"])
def test_no_request_makes_the_server_fail(tmp_path: Path, who: str) -> None:
    """A stranger has a session, and a network of their own on the same server."""
    laptop = Laptop(tmp_path / "laptop")
    laptop.run("init", "--me", "Ada")
    laptop.run("met", "Bob")
    with Server(tmp_path / "server") as server:
        laptop.run("join", server.greeting)
        network = laptop.network["id"]
        asker = laptop if who == "member" else stranger(tmp_path, server)
        token = f"Bearer {session(asker, server)}"
        document = schemathesis.openapi.from_url(f"{server.url}/schema/openapi.json")
        asked: dict[str, set[int]] = {}

        for result in document.get_all_operations():
            operation = result.ok()
            known: dict[str, Any] = {}
            if "{network}" in operation.path:
                known["path_parameters"] = {"network": network}
            if who != "nobody" and operation.path != "/v1/session":  # it could end the session
                known["headers"] = {"authorization": token}
            for mode in GenerationMode:
                cases = operation.as_strategy(generation_mode=mode, **known)
                with suppress(Unsatisfiable):  # an address to which nothing wrong can be sent
                    try_all(cases, asked)

        assert len(asked) >= 10
        inside = {status for name, told in asked.items() if "{network}" in name for status in told}
        assert (200 in inside) == (who == "member"), asked
        laptop.run("sync")
        assert server.stop() == 0
    assert server.kithd("verify").code == 0


def stranger(folder: Path, server: Server) -> Laptop:
    eve = Laptop(folder / "eve")
    eve.run("init", "--me", "Eve")
    eve.run("join", server.link())
    return eve


def try_all(cases: Any, asked: dict[str, set[int]]) -> None:
    @bounded
    @given(case=cases)
    def one(case: Case) -> None:
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        asked.setdefault(f"{case.method} {case.path}", set()).add(response.status_code)

    one()
