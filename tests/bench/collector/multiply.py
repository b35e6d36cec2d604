"""multiply.py DATABASE TIMES: makes the alerts of a SQLite store TIMES as many, with all that hangs on them.

Each copy happened before all that is there: so a store of ninety days is made of the last few. The
collector must not run. Ten million alerts take minutes this way; delivered they would take hours on a
machine that has other work.
"""

import hashlib
import sqlite3
import sys

STEP = 100_000
HOUR_MS = 3_600_000


def sonde_key(text):
    """The collector's key of a text (collector/store/key.h)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


class Store:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.create_function("sonde_key", 1, sonde_key, deterministic=True)
        for pragma in ("cache_size=-400000", "synchronous=OFF", "wal_autocheckpoint=16384"):
            self.connection.execute("PRAGMA " + pragma)
        # What a round of indexing holds in memory before it is written.
        self.words("hashsize", 64 << 20)
        self.alerts = self.one("SELECT MAX(id) FROM alerts")
        self.incidents = self.one("SELECT COALESCE(MAX(id), 0) FROM incidents")
        self.first_ms = self.one("SELECT MIN(time_ms) FROM alerts")
        self.span_ms = self.one("SELECT MAX(time_ms) FROM alerts") - self.first_ms + 1

    def one(self, statement):
        return self.connection.execute(statement).fetchone()[0]

    def words(self, option, value):
        self.connection.execute("INSERT INTO alerts_search (alerts_search, rank) VALUES (?, ?)", (option, value))

    def transaction(self, statements, **values):
        self.connection.execute("BEGIN")
        for statement in statements:
            self.connection.execute(statement, values)
        self.connection.execute("COMMIT")

    def copy(self, number):
        by = {"ids": number * self.alerts, "incidents": number * self.incidents, "ms": number * self.span_ms}
        for begin in range(0, self.alerts, STEP):
            self.transaction([
                "INSERT INTO alerts SELECT id + :ids, lower(hex(randomblob(16))), time_ms - :ms, received_ms - :ms, "
                "alert, title, severity, status, classification, assignee, host, agent_id, application, provider, "
                "model, zone, score, evidence_preview, search_text, entities, ocsf FROM alerts "
                "WHERE id > :begin AND id <= :end ORDER BY id",
                "INSERT INTO alert_uids SELECT id >> 16, sonde_key(uid), id FROM alerts "
                "WHERE id > :ids + :begin AND id <= :ids + :end ORDER BY 1, 2",
                "INSERT INTO alerts_search (rowid, search_text) SELECT id, search_text FROM alerts "
                "WHERE id > :ids + :begin AND id <= :ids + :end",
            ], begin=begin, end=min(begin + STEP, self.alerts), **by)
        self.transaction([
            "INSERT INTO incidents SELECT id + :incidents, title, title_fixed, severity, severity_fixed, status, "
            "classification, assignee, first_ms - :ms, last_ms - :ms, alert_count, stage, pinned, "
            "merged_into + :incidents, change FROM incidents WHERE id <= :last",
            "INSERT INTO incident_alerts SELECT alert_id + :ids, incident_id + :incidents, stage, rule, entity_type, "
            "entity_value, CASE linked_id WHEN 0 THEN 0 ELSE linked_id + :ids END FROM incident_alerts "
            "WHERE alert_id <= :alerts",
            "INSERT INTO incident_digest SELECT incident_id + :incidents, dimension, name, amount FROM incident_digest "
            "WHERE incident_id <= :last",
            "INSERT INTO alert_counts (dimension, hour_ms, name, amount) "
            "SELECT dimension, hour_ms - :ms / :hour * :hour, name, amount FROM alert_counts "
            "WHERE hour_ms >= :first - :hour ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            "UPDATE correlation_state SET last_alert_id = :ids + :alerts",
            "UPDATE search_state SET last_alert_id = :ids + :alerts",
        ], last=self.incidents, alerts=self.alerts, hour=HOUR_MS, first=self.first_ms, **by)

    def close(self):
        self.words("hashsize", 1 << 20)
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()


def main():
    store = Store(sys.argv[1])
    for number in range(1, int(sys.argv[2])):
        store.copy(number)
    store.close()


if __name__ == "__main__":
    main()
