"""A file of handlers for each framework. Nothing of a pact stands in them but as a literal or as a plain identifier."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pact_gate.scaffold import literals
from pact_gate.scaffold.stubs import Stub

_PATH = "/_pact/provider_states"
_NOT_WRITTEN = "this state is not written yet"

_PYTHON_HEAD = '''\
"""The provider states that the pacts ask for, as pact-gate found them. What each puts in place is yours to write.

They change data for whoever can reach them: only a test run may have this endpoint.
"""

'''
_FASTAPI = '''from fastapi import FastAPI
from pact_gate.states import States

states = States()


def add_provider_states(app: FastAPI) -> None:
    """Add the endpoint that Pact's verifier calls."""
    app.add_route("{path}", states.asgi)
'''
_FLASK = '''from flask import Blueprint, Response, request
from pact_gate.states import States

states = States()
provider_states = Blueprint("provider_states", __name__)  # app.register_blueprint(provider_states)


@provider_states.route("{path}", methods=["GET", "POST"])
def change_provider_state() -> Response:
    """Answer Pact's verifier."""
    answer = states.answer(request.method or "", request.get_data())
    return Response(answer.body, answer.status, content_type="application/json")
'''
_DJANGO = '''from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from pact_gate.states import States

states = States()


@csrf_exempt
def provider_states(request: HttpRequest) -> HttpResponse:
    """Answer Pact's verifier: path("{url}", provider_states)."""
    answer = states.answer(request.method or "", request.body)
    return HttpResponse(answer.body, status=answer.status, content_type="application/json")
'''
_EXPRESS_HEAD = """\
// The provider states that the pacts ask for, as pact-gate found them. What each puts in place is yours to write.
//
// They change data for whoever can reach them: only a test run may have this endpoint.
//   app.use("{path}", require("./provider-states"));
"use strict";

const express = require("express");

const states = new Map([
{entries}
]);

const router = express.Router();
router.use(express.json());

router.get("/", (request, response) => {{
  response.json({{ states: [...states.keys()] }});
}});

router.post("/", async (request, response) => {{
  const {{ state, params, action }} = request.body ?? {{}};
  const setUp = states.get(state);
  if (state && !setUp) {{
    response.status(404).json({{ error: `No provider state has the name ${{JSON.stringify(state)}}.` }});
    return;
  }}
  if (!state || action === "teardown") {{
    response.json({{}}); // an interaction without a state, or nothing to take away
    return;
  }}
  try {{
    response.json((await setUp(params ?? {{}})) ?? {{}}); // values for requests that take them
  }} catch (error) {{
    // A 5xx would be tried again for two minutes.
    response.status(424).json({{ error: `The provider state ${{JSON.stringify(state)}} was not set up: ${{error}}` }});
  }}
}});

module.exports = router;
"""
_SPRING = """{package}import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.context.annotation.Profile;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * The provider states that the pacts ask for, as pact-gate found them. What each puts in place is yours to write.
 *
 * They change data for whoever can reach them: only a test run may have this endpoint, with the profile "pact".
 */
@RestController
@Profile("pact")
public class {name} {{

    private interface Handler {{
        Map<String, Object> setUp(Map<String, Object> params) throws Exception;
    }}

    private final Map<String, Handler> states = new LinkedHashMap<>();

    public {name}() {{
{entries}
    }}

    @GetMapping("{path}")
    public Map<String, Object> names() {{
        return Map.of("states", states.keySet());
    }}

    @PostMapping("{path}")
    public ResponseEntity<Map<String, Object>> change(@RequestBody Map<String, Object> asked) {{
        Object state = asked.get("state");
        Handler handler = states.get(state);
        if (state == null || "".equals(state)) {{
            return ResponseEntity.ok(Map.of()); // an interaction without a state
        }}
        if (handler == null) {{
            return ResponseEntity.status(404).body(Map.of("error", "No provider state has the name '" + state + "'."));
        }}
        if ("teardown".equals(asked.get("action"))) {{
            return ResponseEntity.ok(Map.of()); // nothing to take away
        }}
        try {{
            @SuppressWarnings("unchecked")
            Map<String, Object> params = (Map<String, Object>) asked.getOrDefault("params", Map.of());
            return ResponseEntity.ok(handler.setUp(params)); // values for requests that take them
        }} catch (Exception error) {{
            // A 5xx would be tried again for two minutes.
            String message = "The provider state '" + state + "' was not set up: " + error;
            return ResponseEntity.status(424).body(Map.of("error", message));
        }}
    }}
{handlers}}}
"""


class Framework(NamedTuple):
    """What is written for a framework: the file's usual name, the literals of its language, and the file's text."""

    file: str
    literal: Callable[[str], str]
    write: Callable[[Sequence[Stub], str, str], str]


def _fastapi(stubs: Sequence[Stub], _name: str, _package: str) -> str:
    return _PYTHON_HEAD + _FASTAPI.format(path=_PATH) + _python_handlers(stubs)


def _flask(stubs: Sequence[Stub], _name: str, _package: str) -> str:
    return _PYTHON_HEAD + _FLASK.format(path=_PATH) + _python_handlers(stubs)


def _django(stubs: Sequence[Stub], _name: str, _package: str) -> str:
    return _PYTHON_HEAD + _DJANGO.format(url=_PATH[1:]) + _python_handlers(stubs)


def _express(stubs: Sequence[Stub], _name: str, _package: str) -> str:
    taken = ("express", "router", "states", "require", "module", "exports", "Map", "Error", "JSON")
    names = list(literals.identifiers([each.name for each in stubs], taken, camel=True))
    entries = (f"  [{literals.javascript(stub.name)}, {name}]," for stub, name in zip(stubs, names, strict=True))
    handlers = (
        f"\nasync function {name}(params) {{\n{_remarks(stub, '  // ')}"
        f"  throw new Error({json.dumps(_NOT_WRITTEN)});\n}}\n"
        for stub, name in zip(stubs, names, strict=True)
    )
    return _EXPRESS_HEAD.format(path=_PATH, entries="\n".join(entries)) + "".join(handlers)


def _spring(stubs: Sequence[Stub], name: str, package: str) -> str:
    taken = ("states", "names", "change", "record", "sealed", "permits")
    methods = list(literals.identifiers([each.name for each in stubs], taken, camel=True))
    entries = (
        f"        states.put({literals.java(stub.name)}, this::{method});"
        for stub, method in zip(stubs, methods, strict=True)
    )
    handlers = (
        f"\n    private Map<String, Object> {method}(Map<String, Object> params) {{\n{_remarks(stub, '        // ')}"
        f'        throw new UnsupportedOperationException("{_NOT_WRITTEN}");\n    }}\n'
        for stub, method in zip(stubs, methods, strict=True)
    )
    stated = f"package {package};\n\n" if package else ""
    return _SPRING.format(package=stated, name=name, path=_PATH, entries="\n".join(entries), handlers="".join(handlers))


FRAMEWORKS: Mapping[str, Framework] = {
    "fastapi": Framework("provider_states.py", literals.python, _fastapi),
    "flask": Framework("provider_states.py", literals.python, _flask),
    "django": Framework("provider_states.py", literals.python, _django),
    "spring": Framework("ProviderStates.java", literals.java, _spring),
    "express": Framework("provider-states.js", literals.javascript, _express),
}


def without_handler(stubs: Sequence[Stub], text: str, framework: Framework) -> list[str]:
    """Give the names that stand in a file's text neither as they are nor as one of its language's usual literals."""

    def is_named(name: str) -> bool:
        written = framework.literal(name)
        ways = (name, written[1:-1], written[1:-1].replace("'", "\\'"), json.dumps(name)[1:-1], repr(name)[1:-1])
        return any(f"{quote}{way}{quote}" in text for way in ways for quote in "\"'`")

    return [each.name for each in stubs if not is_named(each.name)]


def _python_handlers(stubs: Sequence[Stub]) -> str:
    taken = ("states", "provider_states", "change_provider_state", "add_provider_states", "request", "answer", "app")
    names = literals.identifiers([each.name for each in stubs], taken, camel=False)
    return "".join(_python_handler(stub, name) for stub, name in zip(stubs, names, strict=True))


def _python_handler(stub: Stub, name: str) -> str:
    returned = "dict[str, object]" if stub.values else "None"
    return (
        f"\n\n@states.state({literals.python(stub.name)})\ndef {name}({_signature(stub)}) -> {returned}:\n"
        f'{_values(stub, "    # ")}    raise NotImplementedError("{_NOT_WRITTEN}")\n'
    )


def _signature(stub: Stub) -> str:
    if not all(literals.is_plain(each.name) for each in stub.parameters):
        return "**parameters: object"
    return ", ".join(
        f"{each.name}: {_annotation(each.kinds)}"
        if each.required
        else f"{each.name}: {_annotation(each.kinds, 'None')} = None"
        for each in stub.parameters
    )


def _annotation(kinds: Sequence[str], *more: str) -> str:
    listed = ["None" if each == "NoneType" else each for each in kinds if not (each == "int" and "float" in kinds)]
    return " | ".join(dict.fromkeys((*sorted(listed, key=lambda each: each == "None"), *more)))


def _remarks(stub: Stub, start: str) -> str:
    plain = [each.name for each in stub.parameters if literals.is_plain(each.name)]
    return (f"{start}params: {', '.join(plain)}\n" if plain else "") + _values(stub, start)


def _values(stub: Stub, start: str) -> str:
    plain = [each for each in stub.values if literals.is_plain(each)]
    return f"{start}A request takes these from what is returned: {', '.join(plain)}\n" if plain else ""
