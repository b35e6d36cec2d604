#!/usr/bin/env python3
"""VCR recordings (YAML) under a folder, one exchange a line; bodies in Base64, codings removed."""
import base64
import gzip
import json
import pathlib
import sys
import urllib.parse

import yaml


def body_of(body):
    if isinstance(body, dict):
        body = body.get("string")
    if body is None:
        return b""
    data = body.encode() if isinstance(body, str) else body
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def header(message, name):
    for key, values in message["headers"].items():
        if key.lower() == name:
            values = values if isinstance(values, list) else [values]
            return str(values[0]) if values else ""
    return ""


def main():
    folder = pathlib.Path(sys.argv[1])
    for file in sorted(folder.rglob("*.yaml")):
        recording = yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for entry in recording.get("interactions", []):
            request, response = entry["request"], entry["response"]
            uri = urllib.parse.urlsplit(request["uri"])
            print(json.dumps({
                "file": str(file.relative_to(folder)),
                "method": request["method"].upper(),
                "host": uri.netloc,
                "target": (uri.path or "/") + ("?" + uri.query if uri.query else ""),
                "request": base64.b64encode(body_of(request["body"])).decode(),
                "request_type": header(request, "content-type"),
                "response": base64.b64encode(body_of(response["body"])).decode(),
                "response_type": header(response, "content-type"),
                "status": response["status"]["code"],
            }))


main()
