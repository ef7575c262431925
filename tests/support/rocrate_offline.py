"""The validator of RO-Crates, given the one page that it would fetch: the context of RO-Crate 1.1."""

from __future__ import annotations

import io
import urllib.request
import urllib.response
from email.message import Message
from pathlib import Path
from typing import Any

import requests
import rocrate
from rocrate_validator import models, services

PROFILES = ("ro-crate-1.1", "workflow-ro-crate-1.0")


def context() -> bytes:
    """The context as the library of RO-Crates ships it; version 1.1 calls workflows by another address."""
    text = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")
    return text.replace("https://bioschemas.org/terms/", "https://bioschemas.org/").encode("utf-8")


class Local(urllib.request.BaseHandler):
    """Answers for w3id.org, and for no other host."""

    handler_order = 100

    def https_open(self, request: urllib.request.Request) -> Any:
        header = Message()
        header["Content-Type"] = "application/ld+json"
        answer = urllib.response.addinfourl(io.BytesIO(context()), header, request.full_url, 200)
        answer.msg = "OK"  # type: ignore[attr-defined]
        return answer


def _answer(_: requests.Session, method: str, url: str, **__: Any) -> requests.Response:
    if not url.startswith("https://w3id.org/ro/crate/"):
        raise requests.ConnectionError(f"{method} {url}")
    response = requests.Response()
    response.status_code, response.url, response._content = 200, url, context()
    response.headers["Content-Type"] = "application/ld+json"
    return response


def faults(folder: Path) -> list[str]:
    """What the validator says that the crate in `folder` must have and has not."""
    urllib.request.install_opener(urllib.request.build_opener(Local))
    requests.Session.request = _answer  # type: ignore[method-assign,assignment]
    found = []
    for profile in PROFILES:
        settings = services.ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            skip_availability_check=True,
        )
        found += [f"{issue.check.identifier}: {issue.message}" for issue in services.validate(settings).get_issues()]
    return found
