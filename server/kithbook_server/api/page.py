"""Plain pages, such as the OpenAPI description: no font, nothing from another host."""

from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { background: #f4f4f2; padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
h2 code { font-size: 1.1rem; }
section { border-top: 1px solid #ddd; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1b1a; } pre { background: #262625; }
  a { color: #8ab4f8; } section { border-color: #444; }
}
"""
_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
_BODY = """<p>{description}</p>
<p>The same for machines: <a href="/schema/openapi.json">openapi.json</a>.</p>
{operations}
<h1 id="messages">Messages</h1>
{messages}"""


def document(title: str, body: str) -> str:
    """A page of this server; `title` and `body` are HTML."""
    return _DOCUMENT.format(title=title, style=STYLE, body=body)


def render_page(openapi: dict[str, Any]) -> str:
    info = openapi["info"]
    body = _BODY.format(
        description=escape(info.get("description", "")),
        operations="\n".join(_operations(openapi["paths"])),
        messages="\n".join(_messages(openapi["components"]["schemas"])),
    )
    return document(escape(f"{info['title']} {info['version']}"), body)


def _operations(paths: dict[str, Any]) -> Iterator[str]:
    for path, methods in paths.items():
        for method, told in methods.items():
            yield "\n".join(
                [
                    f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>",
                    f"<p><strong>{escape(told.get('summary', ''))}</strong></p>",
                    f"<p>{escape(told.get('description', ''))}</p>",
                    *_parameters(told.get("parameters", [])),
                    *_bodies(told),
                    "</section>",
                ]
            )


def _messages(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        title = f"<h2><code>{escape(name)}</code></h2>"
        yield f'<section id="{escape(name)}">{title}{_json(schema)}</section>'


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    for parameter in parameters:
        name, about = escape(parameter["name"]), escape(parameter.get("description", ""))
        yield f"<p><code>{name}</code> in the {escape(parameter['in'])} {about}</p>"


def _bodies(told: dict[str, Any]) -> Iterator[str]:
    if asked := told.get("requestBody"):
        yield f"<p>Takes {_names(asked['content'])}.</p>"
    for status, answer in told.get("responses", {}).items():
        about = escape(answer.get("description", "").partition("\n")[0])
        yield f"<p>{escape(status)}: {about} {_names(answer.get('content', {}))}</p>"


def _names(content: dict[str, Any]) -> str:
    """Links to the messages in a body, and the media types that it may have."""
    links = []
    for media in content.values():
        for schema in media["schema"].get("oneOf", [media["schema"]]):
            name = escape(schema.get("$ref", "").rpartition("/")[2])
            link = f'<a href="#{name}"><code>{name}</code></a>' if name else _json(schema)
            if link not in links:
                links.append(link)
    return " or ".join(links) + (f" as {escape(', '.join(content))}" if content else "")


def _json(value: Any) -> str:
    return (
        f"<pre>{escape(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())}</pre>"
    )
