"""Runs one command in a container of its own, made by runc: run_in_container.py FILE COMMAND...

The container has the command's program and its libraries, copied, and FILE as /body. Its root file
system stays beside FILE for the next time, as an image's does. Exit code and output are the command's.
"""
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from runc import Container, make_rootfs

body = Path(sys.argv[1]).resolve()
rootfs = body.parent / "rootfs"
if not rootfs.exists():
    make_rootfs(rootfs, [sys.argv[2]])
shutil.copy(body, rootfs / "body")
name = secrets.token_hex(32)
with tempfile.TemporaryDirectory() as bundle:
    code, output = Container(bundle, rootfs, name, f"/docker/{name}").run(sys.argv[2:], 90)
sys.stderr.write(output)
sys.exit(code)
