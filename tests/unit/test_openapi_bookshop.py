"""A document of the shape that real ones have: what fits has no finding, and each break has one, just where it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pact_gate.model.pact import parse
from pact_gate.openapi.compare import Comparison
from pact_gate.openapi.document import Documents

FOLDER = Path(__file__).parent / "openapi"
JSON = "application/json"
ISBN = "9780141439518"
MONEY = {"amount": 9.5, "currency": "EUR"}
BOOK = {"isbn": ISBN, "title": "Emma", "price": MONEY, "authors": [{"name": "Jane Austen"}]}
ORDER = {"lines": [{"isbn": ISBN, "count": 2}], "payment": {"method": "card", "token": "t"}}


def interaction(method: str, path: str, status: int, answer: Any = None, **more: Any) -> dict[str, Any]:
    """One interaction whose answer is matched by type, but for `state`."""
    response: dict[str, Any] = {"status": status, **more.pop("response", {})}
    request: dict[str, Any] = {"method": method, "path": f"/api/v2{path}", **more}
    if "body" in request:
        request.setdefault("headers", {"Content-Type": JSON})
    if answer is not None:
        response.setdefault("headers", {}).setdefault("Content-Type", JSON)
        kinds = {"$": "type", "$.state": "equality", "$.payment.method": "equality"}
        rules = {path: {"matchers": [{"match": kind}]} for path, kind in kinds.items()}
        response |= {"body": answer, "matchingRules": {"body": rules}}
    return {"description": f"{method} {path}", "request": request, "response": response}


FITS = {
    "a page": interaction(
        "GET",
        "/books",
        200,
        {"total": 1, "items": [BOOK]},
        query={"page": ["2"], "sort": ["-title"], "tag": ["a", "b"], "fields": ["isbn,title"], "price[max]": ["9.5"]},
        headers={"X-Api-Token": "t", "Accept": JSON, "X-Request-Id": "5a7d7a5e-1c1c-4a4a-8a8a-5a7d7a5e1c1c"},
        response={"headers": {"X-Total-Count": "1"}},
    ),
    "a new book": interaction(
        "POST", "/books", 201, {"isbn": ISBN}, body=BOOK, response={"headers": {"Location": f"/books/{ISBN}"}}
    ),
    "a refused book": interaction(
        "POST",
        "/books",
        409,
        {"title": "exists", "status": 409},
        body=BOOK,
        response={"headers": {"Content-Type": "application/problem+json; charset=utf-8"}},
    ),
    "bestsellers": interaction("GET", "/books/bestsellers", 200, [BOOK]),
    "a book": interaction("GET", f"/books/{ISBN}", 200, BOOK),
    "no book": interaction(
        "GET", f"/books/{ISBN}", 404, response={"headers": {"Content-Type": "application/problem+json"}}
    ),
    "a change": interaction(
        "PATCH", f"/books/{ISBN}", 204, body={"price": MONEY}, headers={"Content-Type": "application/merge-patch+json"}
    ),
    "a cover": interaction("GET", f"/books/{ISBN}/cover.png", 200),
    "an order": interaction("POST", "/orders", 201, {"id": 1, "state": "open"}, body=ORDER),
    "an order by a form": interaction(
        "POST",
        "/orders",
        201,
        body=f"isbn={ISBN}&count=2",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "a paid order": interaction(
        "GET", "/orders/7", 200, {"id": 7, "state": "paid", "payment": {"method": "bank", "iban": "DE1"}}
    ),
}

# What is broken: which interaction, the keys to the place, the new value (None: it is taken out), and what is found.
BREAKS: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("a page", ("request", "path"), "/api/v2/book", "path-unknown request path"),
    ("a page", ("request", "method"), "DELETE", "method-unknown request method"),
    ("a page", ("request", "query", "page"), ["0"], "parameter-wrong request query page"),
    ("a page", ("request", "query", "sort"), ["name"], "parameter-wrong request query sort"),
    ("a page", ("request", "query", "price[max]"), ["cheap"], "parameter-wrong request query price"),
    ("a page", ("request", "query", "size"), ["9"], "query-unknown request query"),
    ("a page", ("request", "headers", "X-Request-Id"), "1", "parameter-wrong request header X-Request-Id"),
    ("a page", ("request", "headers", "X-Other"), "1", "header-unknown request header"),
    ("a page", ("response", "headers", "X-Total-Count"), "one", "response-header-wrong response header x-total-count"),
    ("a page", ("response", "headers", "X-Pages"), "1", "response-header-unknown response header"),
    ("a page", ("response", "headers", "Link"), "<a>", "response-header-optional response header"),
    (
        "a page",
        ("response", "headers", "Content-Type"),
        "text/csv",
        "response-content-type-unknown response content type",
    ),
    ("a page", ("response", "body", "count"), 1, "response-field-unknown response body $.count"),
    ("a page", ("response", "body", "total"), "1", "response-body-wrong response body $.total"),
    ("a page", ("response", "body", "items", 0, "stock"), 1, "response-field-unknown response body $.items[0].stock"),
    ("a page", ("response", "body", "items", 0, "pages"), 1, "response-field-optional response body $.items[0].pages"),
    ("a new book", ("request", "body"), None, "request-body-missing request body"),
    ("a new book", ("request", "body", "title"), None, "request-body-wrong request body $"),
    ("a new book", ("request", "body", "title"), "", "request-body-wrong request body $.title"),
    ("a new book", ("request", "body", "authors"), [], "request-body-wrong request body $.authors"),
    ("a new book", ("request", "body", "price", "currency"), "GBP", "request-body-wrong request body $.price.currency"),
    ("a new book", ("request", "body", "price", "amount"), "9", "request-body-wrong request body $.price.amount"),
    (
        "a new book",
        ("request", "body", "added"),
        "2026-01-31T12:00:00Z",
        "request-field-read-only request body $.added",
    ),
    ("a new book", ("request", "body", "colour"), "red", "request-field-unknown request body $.colour"),
    (
        "a new book",
        ("request", "headers", "Content-Type"),
        "text/xml",
        "request-content-type-unknown request content type",
    ),
    ("a new book", ("response", "status"), 302, "status-unknown response status"),
    ("a refused book", ("response", "body", "status"), "409", "response-body-wrong response body $.status"),
    ("bestsellers", ("request", "method"), "PATCH", "method-unknown request method"),
    ("bestsellers", ("response", "body", 0, "price"), 9.5, "response-body-wrong response body $[0].price"),
    ("a book", ("request", "path"), "/api/v2/books/123", "parameter-wrong request path isbn"),
    (
        "a book",
        ("response", "body", "price", "currency"),
        "GBP",
        "response-example-wrong response body $.price.currency",
    ),
    ("a book", ("response", "body", "authors", 0, "name"), 1, "response-body-wrong response body $.authors[0].name"),
    ("a change", ("request", "body"), {}, "request-body-wrong request body $"),
    ("a change", ("request", "body", "isbn"), "1", "request-body-wrong request body $.isbn"),
    ("a change", ("response", "status"), 200, "status-unknown response status"),
    ("a cover", ("request", "path"), f"/api/v2/books/{ISBN}/cover.gif", "parameter-wrong request path format"),
    ("an order", ("request", "body", "payment", "method"), "cash", "request-body-wrong request body $.payment.method"),
    ("an order", ("request", "body", "payment", "token"), None, "request-body-wrong request body $.payment"),
    ("an order", ("request", "body", "lines", 0, "count"), 0, "request-body-wrong request body $.lines[0].count"),
    ("an order", ("request", "body", "note"), "x", "request-body-wrong request body $.note"),
    ("an order", ("response", "body", "state"), "gone", "response-body-wrong response body $.state"),
    ("an order", ("response", "body", "id"), "1", "response-body-wrong response body $.id"),
    ("an order by a form", ("request", "body"), f"isbn={ISBN}&count=two", "request-body-wrong request body $.count"),
    ("a paid order", ("request", "path"), "/api/v2/orders/seven", "parameter-wrong request path id"),
    ("a paid order", ("response", "body", "payment", "iban"), 1, "response-body-wrong response body $.payment.iban"),
    (
        "a paid order",
        ("response", "body", "payment", "last4"),
        "1",
        "response-field-unknown response body $.payment.last4",
    ),
]


def compared(*interactions: Mapping[str, Any]) -> list[str]:
    parties = {"consumer": {"name": "orders"}, "provider": {"name": "bookshop"}}
    metadata = {"pactSpecification": {"version": "3.0.0"}}
    body = json.dumps({**parties, "interactions": interactions, "metadata": metadata}).encode()
    found = Comparison(Documents("bookshop.yaml", FOLDER)).pact(parse(body, "pact.json"), "pact.json")
    return [f"{each.kind} {each.where}" for each in found.findings]


@pytest.mark.parametrize("name", FITS)
def test_what_fits_has_no_finding(name: str) -> None:
    assert compared(FITS[name]) == []


@pytest.mark.parametrize(("name", "keys", "value", "expected"), BREAKS, ids=lambda each: str(each)[:60])
def test_each_break_has_one_finding(name: str, keys: tuple[Any, ...], value: Any, expected: str) -> None:
    broken = copy.deepcopy(FITS[name])
    inside: Any = broken
    for key in keys[:-1]:
        inside = inside[key]
    if value is None:
        del inside[keys[-1]]
    else:
        inside[keys[-1]] = value
    assert compared(broken) == [expected]
