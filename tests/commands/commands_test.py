"""Commands as people type them, right and wrong: exit codes, and errors that say what is wrong, where,
and what to do.   commands_test.py SONDE SONDE_COLLECTOR"""
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

SONDE, COLLECTOR = sys.argv.pop(1), sys.argv.pop(1)
GOOD, FAILURE, USAGE = 0, 1, 2
COMMANDS = ("agent", "trace", "record", "replay", "scan", "doctor", "locate", "inventory", "spool", "support-bundle", "enrol")


def run(*arguments, program=SONDE, text=""):
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, timeout=60)


class CommandsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sonde-commands-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def expect(self, code, saying, *arguments, program=SONDE, text=""):
        done = run(*arguments, program=program, text=text)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, (arguments, said))
        for words in saying:
            self.assertIn(words, said, arguments)
        return done

    def test_every_command_has_a_version_and_a_help_page(self):
        for command in ("", *COMMANDS, "rules", "config"):
            words = [command] if command else []
            self.expect(GOOD, ["sonde "], *words, "--version")
            self.expect(GOOD, ["--help"], *words, "--help")
        self.expect(GOOD, ["Exit codes:", "Examples:"], "--help")
        self.expect(GOOD, ["sonde-collector "], "--version", program=COLLECTOR)

    def test_wrong_words_are_named(self):
        self.expect(USAGE, ["'listen' is no command", "trace"], "listen")
        self.expect(USAGE, ["'show' is no command", "check"], "rules", "show")
        self.expect(USAGE, ["--unknown"], "trace", "--unknown")
        self.expect(USAGE, ["role", "king"], "token", "create", "x", "--role", "king", program=COLLECTOR)

    def test_a_duration_is_a_number_of_seconds(self):
        for wrong in ("nan", "inf", "0", "-1", "abc", "3x", ""):
            self.expect(USAGE, ["--duration"], "trace", "--duration", wrong)

    def test_a_process_that_is_not_there_is_not_waited_for(self):
        self.expect(FAILURE, ["no process has the pid 99999999"], "trace", "--pid", "99999999")
        self.expect(USAGE, ["--pid"], "trace", "--pid", "-3")

    def test_locate_says_why_there_is_nothing(self):
        self.expect(FAILURE, ["no TLS stack in this file", "libc.so.6"], "locate", "/bin/ls")
        told = self.expect(FAILURE, ["no TLS stack in this file"], "locate", "/bin/ls", "--json")
        self.assertIn("libc.so.6", json.loads(told.stdout)["reason"])
        with open(SONDE, "rb") as whole:
            cut = os.path.join(self.folder, "cut")
            with open(cut, "wb") as part:
                part.write(whole.read(200000))
        self.expect(FAILURE, ["the file is cut"], "locate", cut)
        self.expect(FAILURE, ["/no/such/file"], "locate", "/no/such/file")
        self.expect(FAILURE, [self.folder], "locate", self.folder)

    def test_scan_reads_files_and_nothing_else(self):
        self.expect(FAILURE, ["is a directory"], "scan", self.folder)
        self.expect(FAILURE, ["cannot open", "/no/such/file"], "scan", "/no/such/file")
        done = self.expect(FAILURE, [], "scan", "-", text='{"id":1,"text":"hello"}\nnothing\n{"id":3,"text":"bye"}\n')
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line.get("id") for line in lines], [1, None, 3])
        self.assertIn("2", json.dumps(lines[1]))

    def test_rules_come_from_files_or_from_the_configuration(self):
        rule = self.file("rules.yaml", "name: word\ntitle: A word\nlevel: low\ndetection:\n  named: {text|contains: xylophone}\n"
                                       "  condition: named\ntests:\n  - {text: a xylophone, zone: user, match: true}\n")
        config = self.file("agent.yaml", f"detect:\n  rule_files: [{rule}]\n")
        for named in ([rule], ["-c", config]):
            self.expect(GOOD, ["custom.word", "A word"], "rules", "list", *named)
            self.expect(GOOD, ["1 rules, 1 tests, 0 failed"], "rules", "check", *named)
        self.expect(USAGE, ["cannot open '/no/such/file'"], "rules", "check", "/no/such/file")
        self.expect(GOOD, ["0 rules"], "rules", "check")

    def test_a_configuration_is_judged_with_its_lines(self):
        self.expect(USAGE, ["agent.yaml", "2", "no_such_key"], "config", "check",
                    self.file("agent.yaml", "log_level: info\nno_such_key: 1\n"))
        self.expect(GOOD, ["good"], "config", "check", self.file("good.yaml", "log_level: info\n"))

    def test_a_wrong_enrolment_asks_nobody(self):
        self.expect(USAGE, ["must begin with https://"], "enrol", "http://127.0.0.1:9", text="token\n")
        self.expect(USAGE, ["the token is empty", "agent enrol"], "enrol", "https://127.0.0.1:9", text="\n")
        self.expect(FAILURE, ["cannot reach https://127.0.0.1:9"], "enrol", "https://127.0.0.1:9", text="token\n")

    def test_a_colour_is_one_of_three(self):
        self.expect(USAGE, ["--color", "purple", "{auto,always,never}"], "trace", "--color", "purple")

    def test_a_slip_is_told_what_was_meant(self):
        self.expect(USAGE, ["'trac' is no command; did you mean 'trace'?"], "trac")
        self.expect(USAGE, ["'capture.deny'; did you mean 'exes'?"], "config", "check",
                    self.file("deny.yaml", "capture: {deny: {exe: [a]}}\n"))
        good = self.file("good.yaml", "log_level: info\n")
        slip = subprocess.run([SONDE, "config", "check", good], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SONDE_LOG_LEVL": "warn", "SONDE_COLLECTOR_PORT": "tcp://10.0.0.1:8443"})
        self.assertEqual((slip.returncode, slip.stderr),
                         (USAGE, "environment variable SONDE_LOG_LEVL: unknown; did you mean SONDE_LOG_LEVEL?\n"))
        self.expect(USAGE, ["in 'store'; did you mean 'url'?", "log_level must be"], "--config",
                    self.file("collector.yaml", "store: {ulr: x}\nlog_level: loud\n"), "config", "check", program=COLLECTOR)

    def test_a_support_bundle_is_made_also_of_a_wrong_configuration(self):
        bundle = os.path.join(self.folder, "bundle.tar.gz")
        self.expect(GOOD, [bundle], "support-bundle", "-c", self.file("agent.yaml", "metric: 1\n"), "-o", bundle)
        with tarfile.open(bundle) as archive:
            config = archive.extractfile("sonde-support/config.yaml").read().decode()
        self.assertIn("unknown key 'metric' in the file; did you mean 'metrics'?", config)


if __name__ == "__main__":
    unittest.main(verbosity=2)
