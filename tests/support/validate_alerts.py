#!/usr/bin/env python3
"""validate_alerts.py SCHEMA FILE: checks each line of FILE against a JSON Schema (2020-12)."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
valid = 0
with open(sys.argv[2], encoding="utf-8") as file:
    for number, line in enumerate(file, 1):
        for error in validator.iter_errors(json.loads(line)):
            sys.exit(f"line {number}: {error.json_path}: {error.message}")
        valid += 1
print(f"{valid} valid")
