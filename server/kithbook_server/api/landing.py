"""What a browser shows of a link: that it is for `kith join`, and the line to type.

The secret stands in the fragment, which a browser sends to nobody: a few lines of script put the
link into the line, and only one that no shell could take for anything else.
"""

from base64 import b64encode
from hashlib import sha256

from litestar import MediaType, Response, get

from kithbook_server.api.page import STYLE, document

_SCRIPT = r"""
if (/^https?:\/\/[\w.:[\]\/-]+#[\w-]+$/.test(location.href)) {
  document.querySelector("pre code").textContent = `kith join '${location.href}'`;
}
"""
_BODY = """<p>{about}</p>
<p>It opens nothing in a browser. Where <code>kith</code> is installed, type this, with the whole
link in the place of LINK if it does not stand there already:</p>
<pre><code>kith join 'LINK'</code></pre>
<p>{more} It works once. Whoever has it can use it, so give it to nobody else.</p>
<script>{script}</script>"""
_TOLD = {
    "/setup": ("It makes this server host your network.", "You need a home: kith init --me NAME."),
    "/device": ("It brings one more device of yours into your network.", ""),
    "/invite": (
        "Somebody invites you into a network that they keep with kithbook.",
        "Where you have no home yet, add who you are: --me NAME.",
    ),
}


def _only(text: str) -> str:
    """The source of this text for a Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    f"style-src {_only(STYLE)}; script-src {_only(_SCRIPT)}",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _page(path: str) -> Response[str]:
    about, more = _TOLD[path]
    page = document("A link for kith", _BODY.format(script=_SCRIPT, about=about, more=more))
    return Response(page, media_type=MediaType.HTML, headers=_HEADERS)


@get("/setup", sync_to_thread=False, include_in_schema=False)
def setup_link() -> Response[str]:
    return _page("/setup")


@get("/device", sync_to_thread=False, include_in_schema=False)
def device_link() -> Response[str]:
    return _page("/device")


@get("/invite", sync_to_thread=False, include_in_schema=False)
def invitation() -> Response[str]:
    return _page("/invite")
