"""An application that holds a model file open and speaks to a model: model_loader.py FILE. For each line of
JSON on its input {"url", "body", "headers"} one call, and one line with what came."""
import json
import sys

import requests

held = open(sys.argv[1], "rb")
session = requests.Session()
for line in sys.stdin:
    job = json.loads(line)
    answer = session.post(job["url"], json=job["body"], headers=job.get("headers"), timeout=30)
    print(json.dumps({"status": answer.status_code, "body": answer.text}), flush=True)
