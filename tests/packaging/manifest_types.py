"""Holds Kubernetes objects to the types of the official Python client: unknown fields, wrong types
and missing fields are problems, as for an API server with fieldValidation=Strict."""
import re
from typing import Iterator

from kubernetes import client

PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool}


def type_of(api_version: str, kind: str):
    group, _, version = api_version.rpartition("/")
    name = version.capitalize() + kind
    if group and not hasattr(client, name):
        name = group.split(".")[0].capitalize() + name
    return getattr(client, name, None)


def problems(value, type_name: str, path: str) -> Iterator[str]:
    """What is wrong with `value`, which should be of the client's type `type_name`."""
    if value is None or type_name in ("object", "datetime"):
        return
    if found := re.fullmatch(r"list\[(.+)\]", type_name):
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        for index, element in enumerate(value):
            yield from problems(element, found[1], f"{path}[{index}]")
    elif found := re.fullmatch(r"dict\(str, (.+)\)", type_name):
        if not isinstance(value, dict):
            yield f"{path}: must be a mapping"
            return
        quantity = path.endswith((".requests", ".limits"))
        for key, element in value.items():
            if quantity and isinstance(element, (int, float)) and not isinstance(element, bool):
                continue
            yield from problems(element, found[1], f"{path}.{key}")
    elif type_name in PLAIN:
        wanted = PLAIN[type_name]
        if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
            yield f"{path}: must be {type_name}, is {value!r}"
    else:
        yield from object_problems(value, getattr(client, type_name), path)


def object_problems(value, model, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: must be a mapping"
        return
    by_name = {json: python for python, json in model.attribute_map.items()}
    for key, element in value.items():
        if key not in by_name:
            yield f"{path}.{key}: unknown field of {model.__name__}"
        else:
            yield from problems(element, model.openapi_types[by_name[key]], f"{path}.{key}")
    try:
        model(**{by_name[key]: element for key, element in value.items() if key in by_name})
    except (ValueError, TypeError) as error:  # a field that must be there, or a value that may not
        yield f"{path}: {error}"


def manifest_problems(manifest: dict) -> list[str]:
    kind, version = manifest.get("kind", ""), manifest.get("apiVersion", "")
    model = type_of(version, kind)
    if model is None:
        return [f"{version}/{kind}: no such kind"]
    return list(object_problems(manifest, model, f"{kind}/{manifest.get('metadata', {}).get('name', '?')}"))
