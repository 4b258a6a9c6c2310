"""GET /docs: the API's reference as one page of plain HTML, drawn from its OpenAPI document.

FastAPI's page fetches Swagger UI from the Internet, which a machine in a closed network does
not have; the kept packages that bundle those scripts add megabytes for a page that is read,
not programmed. So the page is rendered here, and works offline and without scripts.
"""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markupsafe import Markup, escape

from api.access.needs import OPEN
from api.language import language_of
from api.problems import problem_codes
from config.texts import text, texts

router = APIRouter(include_in_schema=False, dependencies=[OPEN])


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    lang = language_of(request)
    openapi = request.app.openapi()
    page = _template().render(
        lang=lang,
        t=lambda key: text("api", f"docs.{key}", lang),
        info=openapi["info"],
        introduction=text("api", "docs.introduction", lang),
        sections=_sections(_operations(openapi), lang),
        problems=_problems(lang),
    )
    return HTMLResponse(page, headers={"Content-Language": lang, "Vary": "Accept-Language"})


def _problems(lang: str) -> list[tuple[str, str, str]]:
    """Code, title and detail (its placeholders unfilled) of every error an answer may be."""
    known = texts("api")
    return [
        (c, known[f"problem.{c}.title"][lang], known[f"problem.{c}.detail"][lang])
        for c in problem_codes()
    ]


def _sections(operations: list[dict[str, Any]], lang: str) -> list[tuple[str, list[Any]]]:
    """Operations under the heading of their tag, tags in order of appearance."""
    by_tag: dict[str, list[Any]] = {}
    for operation in operations:
        by_tag.setdefault(operation["tag"], []).append(operation)
    return [(text("api", f"docs.tag.{tag}", lang), found) for tag, found in by_tag.items()]


def _operations(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "method": method.upper(),
            "tag": (operation.get("tags") or [""])[0],
            "description": Markup(_code(operation.get("description", ""))),
            "parameters": [_parameter(p) for p in operation.get("parameters", [])],
            "body": operation.get("requestBody", {}).get("content", {}),
            "fields": _fields(openapi, operation),
            "id": operation["operationId"],
        }
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]


def _parameter(p: dict[str, Any]) -> dict[str, str]:
    schema = p.get("schema", {})
    return {
        "name": p["name"],
        "in": p["in"],
        "type": _type(schema),
        "needed": "●" if p.get("required") else "",
        "description": Markup(_code(p.get("description", schema.get("description", "")))),
        "default": "" if schema.get("default") is None else str(schema["default"]),
    }


def _fields(openapi: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, str]]:
    answer = operation["responses"].get("200", {}).get("content", {})
    schema = answer.get("application/json", {}).get("schema", {})
    name = (schema.get("items") or schema).get("$ref", "").rpartition("/")[2]
    row = openapi.get("components", {}).get("schemas", {}).get(name, {})
    return [
        {
            "name": n,
            "type": _type(f),
            "unit": f.get("unit", ""),
            "description": Markup(_code(f.get("description", ""))),
        }
        for n, f in row.get("properties", {}).items()
    ]


def _code(description: str) -> str:
    """A description as HTML: what stands in backticks is code, the rest is text."""
    parts = [str(escape(p)) for p in description.split("`")]
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(s) for s in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(v) for v in schema["enum"])
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("format") or schema.get("type") or "")


@lru_cache(maxsize=1)
def _template() -> Any:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)


_PAGE = """\
<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ info.title }} API {{ info.version }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --dim: #777; --accent: #1f6f6b; }
body { font: 15px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
       max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.6rem; font-size: 1.25rem; }
h3 { margin: 1.6rem 0 .2rem; } h3 code { font-size: .95rem; } section p { margin: .3rem 0; }
nav p { break-inside: avoid; margin: 0 0 .8rem; overflow-wrap: anywhere; } .method { color: #fff; background: var(--accent); border-radius: 4px;
       padding: .1rem .45rem; font: 600 .8rem ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; margin: .6rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0;
       border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; } pre { overflow-x: auto; padding: .7rem;
       border: 1px solid var(--line); border-radius: 6px; font-size: .82rem; }
.dim { color: var(--dim); } details summary { cursor: pointer; } nav { columns: 3 14rem; font-size: .86rem; }
.desc { white-space: pre-line; } a { color: var(--accent); }
@media (prefers-color-scheme: dark) { a { color: #6cc3bd; } }
</style>
</head>
<body>
<h1>{{ info.title }} API <span class="dim">{{ info.version }}</span></h1>
<p>{{ introduction }}</p>
<p><a href="/openapi.json">openapi.json</a> · <a href="?lang={{ 'en' if lang == 'zh' else 'zh' }}">{{ t('other_language') }}</a></p>
<nav>{% for title, operations in sections %}<p><b>{{ title }}</b><br>
{% for o in operations %}<a href="#{{ o.id }}">{{ '' if o.method == 'GET' else o.method }} {{ o.path }}</a><br>{% endfor %}</p>
{% endfor %}</nav>
{% for title, operations in sections %}
<h2>{{ title }}</h2>
{% for o in operations %}
<section id="{{ o.id }}">
<h3><span class="method">{{ o.method }}</span> <code>{{ o.path }}</code></h3>
<p class="desc">{{ o.description }}</p>
{% if o.method == 'GET' and '{' not in o.path and not o.parameters | selectattr('needed') | list %}
<p><a href="{{ o.path }}">{{ t('try_it') }}</a></p>
{% endif %}
{% if o.parameters %}
<details><summary>{{ t('parameters') }}</summary>
<table><tr><th>{{ t('name') }}</th><th>{{ t('needed') }}</th><th>{{ t('type') }}</th><th>{{ t('default') }}</th><th>{{ t('meaning') }}</th></tr>
{% for p in o.parameters %}
<tr><td><code>{{ p.name }}</code> <span class="dim">{{ p.in }}</span></td><td>{{ p.needed }}</td><td>{{ p.type }}</td><td>{{ p.default }}</td><td>{{ p.description }}</td></tr>
{% endfor %}</table></details>
{% endif %}
{% for media, content in o.body.items() %}
<p class="dim">{{ media }}</p>
{% if content.example is defined %}
<pre>{{ content.example if content.example is string else content.example | tojson }}</pre>
{% endif %}
{% endfor %}
{% if o.fields %}
<details><summary>{{ t('fields') }}</summary>
<table><tr><th>{{ t('name') }}</th><th>{{ t('type') }}</th><th>{{ t('unit') }}</th><th>{{ t('meaning') }}</th></tr>
{% for f in o.fields %}
<tr><td><code>{{ f.name }}</code></td><td>{{ f.type }}</td><td>{{ f.unit }}</td><td>{{ f.description }}</td></tr>
{% endfor %}</table></details>
{% endif %}
</section>
{% endfor %}
{% endfor %}
<h2>{{ t('problems') }}</h2>
<table><tr><th>code</th><th>{{ t('title') }}</th><th>{{ t('meaning') }}</th></tr>
{% for code, title, detail in problems %}
<tr id="problem-{{ code }}"><td><code>{{ code }}</code></td><td>{{ title }}</td><td>{{ detail }}</td></tr>
{% endfor %}</table>
</body>
</html>
"""
