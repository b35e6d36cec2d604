"""pages.py URL CA_FILE TOKEN_FILE [ROUNDS]: how long the collector takes for the pages that people open.

Prints a table row for each page: its first page and one far behind, as a person would ask for them,
one request after the other over one connection.
"""

import http.client
import json
import ssl
import sys
import time
import urllib.parse

PAGES = {
    "newest alerts": "/api/v1/alerts?limit=50",
    "critical and high": "/api/v1/alerts?severity=critical&severity=high&limit=50",
    "one host": "/api/v1/alerts?host=host-7&limit=50",
    "one model": "/api/v1/alerts?model=llama3&limit=50",
    "a model that never was": "/api/v1/alerts?model=none&limit=50",
    "an agent that never was": "/api/v1/alerts?agent=none&limit=50",
    "in progress, of one person": "/api/v1/alerts?status=in_progress&assignee=mira&limit=50",
    "a common word": "/api/v1/alerts?q=word17&limit=50",
    "two words": "/api/v1/alerts?q=word17+word18&limit=50",
    "a word in every alert": "/api/v1/alerts?q=suspicious&limit=50",
    "a word that never was": "/api/v1/alerts?q=absent&limit=50",
    "incidents": "/api/v1/incidents?limit=50",
    "critical incidents": "/api/v1/incidents?severity=critical&limit=50",
    "incidents of one host": "/api/v1/incidents?host=host-7&limit=50",
    "inventory": "/api/v1/inventory?limit=100",
    "overview": "/api/v1/stats/overview?",
}


class Client:
    def __init__(self, url, ca_file, token):
        self.address = urllib.parse.urlsplit(url)
        self.context = ssl.create_default_context(cafile=ca_file)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.connection = None

    def get(self, path):
        """Milliseconds and the answer."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                self.address.hostname, self.address.port, context=self.context, timeout=300)
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status == 429:
            time.sleep(float(answer.headers.get("Retry-After", 1)))
            return self.get(path)
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]}")
        return took, json.loads(body)


def measure(client, path, rounds):
    """Of the first page and of those behind it."""
    times = []
    cursor = None
    rows = 0
    for _ in range(rounds):
        took, answer = client.get(path + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""))
        times.append(took)
        rows = max(rows, len(answer.get("items", [])))
        cursor = answer.get("next_cursor")
    times.sort()
    return times, rows


def pages_of_one(client, rounds):
    """Of single alerts, and of incidents: those of the most alerts among the newest."""
    alerts = client.get("/api/v1/alerts?limit=100")[1]["items"][:rounds]
    incidents = client.get("/api/v1/incidents?limit=100")[1]["items"]
    incidents.sort(key=lambda incident: -incident["alert_count"])
    return {
        "one alert": sorted(client.get(f"/api/v1/alerts/{alert['uid']}")[0] for alert in alerts),
        "one incident": sorted(client.get(f"/api/v1/incidents/{incident['uid']}")[0]
                               for incident in incidents[:max(1, rounds // 5)]),
    }


def main():
    url, ca_file, token_file = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 100
    with open(token_file, encoding="ascii") as file:
        client = Client(url, ca_file, file.read().strip())
    print("| page | rows | p50 ms | p99 ms |\n|---|---|---|---|")
    for name, path in PAGES.items():
        times, rows = measure(client, path, rounds)
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
        print(f"| {name} | {rows} | {p50:.1f} | {p99:.1f} |", flush=True)
    for name, times in pages_of_one(client, rounds).items():
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
        print(f"| {name} | 1 | {p50:.1f} | {p99:.1f} |", flush=True)


if __name__ == "__main__":
    main()
