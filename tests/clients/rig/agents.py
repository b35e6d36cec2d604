"""Coding agents as people install them: how each is asked one thing without a person beside it, with telemetry and
updates off, a key that is none and a home of its own; and with which tools it reads a file and runs a command."""
import json
import os
import subprocess
from dataclasses import dataclass, field

from rig.child import RigError, program

CODEX = """model = "gpt-5"
model_provider = "own"
[model_providers.own]
name = "own"
base_url = "https://api.openai.com/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
"""
OPENCODE = json.dumps({"autoupdate": False, "share": "disabled", "model": "own/gpt-4o", "provider": {"own": {
    "npm": "@ai-sdk/openai-compatible", "name": "own", "models": {"gpt-4o": {"name": "gpt-4o"}},
    "options": {"baseURL": "https://api.openai.com/v1", "apiKey": "dummy"}}}})


@dataclass(frozen=True)
class Agent:
    name: str
    command: list  # the prompt comes last
    environment: dict
    stacks: tuple  # one of these is said in capture.tls
    read: object  # file -> (tool, arguments)
    run: object  # command -> (tool, arguments)
    home: dict = field(default_factory=dict)  # files of its home


AGENTS = (
    Agent("claude", ["claude", "--permission-mode", "bypassPermissions", "-p"], {"ANTHROPIC_API_KEY": "sk-ant-dummy", "IS_SANDBOX": "1"},
          ("boringssl",), lambda file: ("Read", {"file_path": file}), lambda command: ("Bash", {"command": command, "description": "check"})),
    Agent("codex", ["codex", "exec", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check"], {"OPENAI_API_KEY": "sk-dummy"},
          ("rustls", "openssl"), lambda file: ("exec_command", {"cmd": f"cat {file}"}), lambda command: ("exec_command", {"cmd": command}),
          {".codex/config.toml": CODEX}),
    Agent("copilot", ["copilot", "--allow-all-tools", "-p"],
          {"COPILOT_PROVIDER_BASE_URL": "https://api.openai.com/v1", "COPILOT_PROVIDER_API_KEY": "dummy", "COPILOT_MODEL": "gpt-4o",
           "COPILOT_OFFLINE": "true"},
          ("openssl",), lambda file: ("view", {"path": file}), lambda command: ("bash", {"command": command, "description": "check"})),
    Agent("opencode", ["opencode", "run"], {"OPENAI_API_KEY": "sk-dummy"}, ("boringssl",),
          lambda file: ("read", {"filePath": file}), lambda command: ("bash", {"command": command, "description": "check"}),
          {".config/opencode/opencode.json": OPENCODE}),
    Agent("pi", ["pi", "--provider", "anthropic", "--model", "claude-sonnet-4-5", "-p"], {"ANTHROPIC_API_KEY": "sk-ant-dummy"},
          ("openssl",), lambda file: ("read", {"path": file}), lambda command: ("bash", {"command": command})),
    Agent("qwen", ["qwen", "--yolo", "-p"], {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": "https://api.openai.com/v1", "OPENAI_MODEL": "gpt-4o"},
          ("openssl",), lambda file: ("read_file", {"file_path": file, "absolute_path": file}),
          lambda command: ("run_shell_command", {"command": command, "is_background": False, "description": "check"})),
)

QUIET = {"TERM": "dumb", "CI": "1", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def ask(world, agent, prompt, folder, timeout=90):
    """Runs the agent in `folder` until it has answered; what it printed."""
    home = world.path(f"home-{agent.name}")
    for name, text in agent.home.items():
        os.makedirs(os.path.dirname(os.path.join(home, name)), exist_ok=True)
        with open(os.path.join(home, name), "w", encoding="utf-8") as file:
            file.write(text)
    os.makedirs(home, exist_ok=True)
    binary = os.path.join(program("SONDE_AGENTS_ROOT"), "node_modules", ".bin", agent.command[0])
    run = subprocess.run(world.with_names([binary, *agent.command[1:], prompt]), cwd=folder, stdin=subprocess.DEVNULL,
                         env={**world.environment(), **QUIET, **agent.environment, "HOME": home}, capture_output=True, timeout=timeout)
    if run.returncode != 0:
        raise RigError(f"{agent.name} ended with {run.returncode}: {run.stderr.decode()[-300:]}")
    return run.stdout.decode()
