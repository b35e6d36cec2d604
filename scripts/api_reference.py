#!/usr/bin/python3
"""api_reference.py [--check]: writes docs/API.md from collector/api/openapi.yaml; with --check only says
whether it is what it should be."""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "collector" / "api" / "openapi.yaml"
TARGET = ROOT / "docs" / "API.md"
METHODS = ("get", "post", "put", "patch", "delete")


def resolve(document, node):
    while isinstance(node, dict) and "$ref" in node:
        step = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            step = step[key]
        node = step
    return node


def name_of(node):
    return node["$ref"].rsplit("/", 1)[1] if isinstance(node, dict) and "$ref" in node else ""


def type_of(schema):
    """A schema in a few words: `integer`, `Alert[]`, `"a" or "b"`."""
    if name := name_of(schema):
        return f"[{name}](#{name.lower()})"
    if not isinstance(schema, dict):
        return "any"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return (" and " if key == "allOf" else " or ").join(type_of(part) for part in schema[key])
    kind = schema.get("type", "object" if "properties" in schema else "any")
    if isinstance(kind, list):
        kind = " or ".join(kind)
    return f"{type_of(schema.get('items', {}))}[]" if kind == "array" else kind


def cell(text):
    return re.sub(r"\s+", " ", str(text or "")).replace("|", "\\|").strip()


def fields(document, schema):
    """Rows of an object's members."""
    schema = resolve(document, schema)
    rows = []
    for part in schema.get("allOf", [schema]):
        part = resolve(document, part)
        for name, value in part.get("properties", {}).items():
            must = " (required)" if name in part.get("required", []) else ""
            about = value.get("description", "") if isinstance(value, dict) else ""
            rows.append(f"| `{name}`{must} | {cell(type_of(value))} | {cell(about)} |")
    return ["| member | type | |", "|---|---|---|", *rows, ""] if rows else []


def operation(document, path, shared, method, what):
    out = [f"### `{method.upper()} {path}`", "", cell(what.get("summary", "")) + ".", ""]
    if about := what.get("description"):
        out += [about.strip(), ""]
    out += [f"Role: {what.get('x-role', 'none')}.", ""]
    rows = []
    for parameter in [resolve(document, one) for one in [*shared, *what.get("parameters", [])]]:
        rows.append(f"| `{parameter['name']}` | {parameter['in']} | {cell(type_of(parameter.get('schema', {})))} | "
                    f"{cell(parameter.get('description'))} |")
    if rows:
        out += ["| parameter | in | type | |", "|---|---|---|---|", *rows, ""]
    body = resolve(document, what.get("requestBody", {})).get("content", {})
    for kind, content in body.items():
        schema = content.get("schema", {})
        out += [f"Body (`{kind}`): {type_of(schema)}.", ""]
        if not name_of(schema):
            out += fields(document, schema)
    out += ["| answer | |", "|---|---|"]
    for status, answer in what.get("responses", {}).items():
        answer = resolve(document, answer)
        kinds = [f"{type_of(content.get('schema', {}))} (`{kind}`)" for kind, content in answer.get("content", {}).items()]
        out.append(f"| {status} | {cell(answer.get('description'))}{': ' if kinds else ''}{cell(', '.join(kinds))} |")
    return [*out, ""]


def render(document):
    out = ["# API of the collector", "",
           "<!-- Written by scripts/api_reference.py from collector/api/openapi.yaml, which the tests hold the",
           "collector to. Change that one. -->", "", document["info"]["description"].strip(), ""]
    by_tag = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                by_tag.setdefault(item[method]["tags"][0], []).append((path, item.get("parameters", []), method, item[method]))
    about = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    for tag, operations in by_tag.items():
        if operations:
            out += [f"## {tag.capitalize()}", ""] + ([about[tag] + ".", ""] if about.get(tag) else [])
            for one in operations:
                out += operation(document, *one)
    out += ["## Schemas", ""]
    for name, schema in document["components"]["schemas"].items():
        out += [f"### {name}", ""]
        if text := schema.get("description"):
            out += [text.strip(), ""]
        rows = fields(document, schema)
        out += rows or [type_of(schema), ""]
    return "\n".join(out).rstrip() + "\n"


def main():
    text = render(yaml.safe_load(SOURCE.read_text(encoding="utf-8")))
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        print(f"{TARGET.name}: {text.count('### `')} operations, as the description says")
        return 0
    print(f"{TARGET} is not what {SOURCE.name} says: run scripts/api_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
