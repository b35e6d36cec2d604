"""What the callers of real SDKs sent and got is what `sonde trace --json` says.

As a test it holds every case of programs/sdk_matrix.mjs to that, over HTTP/1.1 and over HTTP/2. As a
script it prints the table:  sdk_test.py --table [WORD]
"""
import json
import sys
import unittest
from datetime import datetime

from rig.matrix import differences
from rig.provider import Provider, node, script
from rig.sonde import Trace
from rig.world import World


class Matrix:
    """One run of the matrix over one version of HTTP: its cases, and what was heard of each."""

    def __init__(self, http2, word=""):
        world = World()
        try:
            Provider(world, program="sdk_provider.mjs", h2=http2)
            trace = Trace(world)
            application = world.start([node(), script("sdk_matrix.mjs"), word], names=True, env={"SDK_HTTP2": "1"} if http2 else {})
            application.wait(240)
            self.cases = [json.loads(line) for line in application.said() if line.startswith("{")]
            self.errors = application.errors()
            wanted = sum(len(case.get("expected", [])) for case in self.cases)
            self.exchanges = trace.exchanges(application.pid, wanted, timeout=5, enough=False)
            trace.stop()
            self.lost = trace.lost()
        finally:
            world.close()

    def heard_in(self, case):
        def time_of(exchange):
            return datetime.fromisoformat(exchange["start_time"].replace("Z", "+00:00")).timestamp() * 1000
        inside = [one for one in self.exchanges if case["began"] - 1 <= time_of(one) <= case["ended"] + 1]
        return sorted(inside, key=lambda one: one["start_time"])

    def judge(self, case):
        """What is wrong with a case; empty if every exchange is exactly the application's."""
        if "error" in case:
            return [f"the application failed: {case['error']}"]
        heard = self.heard_in(case)
        if len(heard) != len(case["expected"]):
            told = [(one["http"]["path"], one.get("mcp.method.name")) for one in heard]
            return [f"{len(heard)} exchanges instead of {len(case['expected'])}: {told}"]
        wrong = []
        for number, (expected, exchange) in enumerate(zip(case["expected"], heard), 1):
            wrong += [f"exchange {number}: {difference}" for difference in differences(expected, exchange)]
        return wrong


class SdkTest(unittest.TestCase):
    # As many as the modules of programs/sdk have; a module that does not load must not go unnoticed.
    CASES = 95

    def check(self, http2):
        matrix = Matrix(http2)
        self.assertEqual(matrix.lost, [])
        self.assertEqual(len(matrix.cases), self.CASES, matrix.errors)
        for case in matrix.cases:
            with self.subTest(case=case["case"]):
                self.assertEqual(matrix.judge(case), [])
        versions = {exchange["http"]["version"] for exchange in matrix.exchanges}
        self.assertLessEqual({"2" if http2 else "1.1"}, versions)

    def test_over_http_1_1(self):
        self.check(False)

    def test_over_http_2(self):
        self.check(True)


def print_table(word):
    exit_code = 0
    for http2 in (False, True):
        matrix = Matrix(http2, word)
        print(f"--- HTTP/{2 if http2 else 1.1}: {len(matrix.cases)} cases, {len(matrix.exchanges)} exchanges", *matrix.lost, *matrix.errors)
        for case in matrix.cases:
            wrong = matrix.judge(case)
            print(f"{'exact' if not wrong else 'DIFFERS':8} {len(case.get('expected', [])):2}  {case['case']}")
            for difference in wrong:
                exit_code = 1
                print(f"             {difference}")
    return exit_code


if __name__ == "__main__":
    if sys.argv[1:2] == ["--table"]:
        sys.exit(print_table(" ".join(sys.argv[2:])))
    unittest.main(verbosity=2)
