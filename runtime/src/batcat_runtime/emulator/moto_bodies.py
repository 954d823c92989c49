"""Keep moto from reading text inside a JSON document as a form.

moto looks for parameters in every body as if it were a form, and believes what it finds there more
than the document: a secret that holds ``?a=1&Name=x`` was stored under the name x, a message with
``&Action=`` in it was answered as another operation.
"""

from __future__ import annotations

from .patching import replace


def read_documents_as_documents() -> None:
    """Let only forms be forms; werkzeug has read those by their content type before."""
    from moto.core import responses

    replace(responses, parse_qsl=lambda body, **_: [(body, "")])
