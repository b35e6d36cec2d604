#!/usr/bin/env python3
"""An OCI image layout from a directory tree: one layer, byte for byte the same for the same tree.

  make_image.py ROOTFS CONFIG.json OUTPUT.oci.tar NAME:TAG

CONFIG.json is the "config" object of the OCI image configuration (Entrypoint, User, ...). Times are
SOURCE_DATE_EPOCH; every file belongs to root except where CONFIG's "Owners" (removed from the image)
says PATH: UID. The output is what skopeo calls oci-archive, and what `ctr images import` reads.
"""
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import sys
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def layer_of(root: pathlib.Path, owners: dict[str, int]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            entry = tar.gettarinfo(str(path), name)
            entry.uid = entry.gid = owners.get(name, 0)
            entry.uname = entry.gname = ""
            entry.mtime = EPOCH
            # A hard link would be one by chance of how the tree was made.
            if entry.islnk():
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
            if entry.isreg():
                with path.open("rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    return buffer.getvalue()


class Layout:
    """The files of an image layout, and their digests."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(self, media_type: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def json_blob(self, media_type: str, value: dict) -> dict:
        return self.blob(media_type, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())

    def write(self, path: pathlib.Path) -> None:
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
            for name in ("blobs", "blobs/sha256"):
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, EPOCH
                tar.addfile(entry)
            for name, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = len(content), 0o644, EPOCH
                tar.addfile(entry, io.BytesIO(content))


def main() -> int:
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3])
    config = json.loads(pathlib.Path(sys.argv[2]).read_text())
    tag = sys.argv[4].rpartition(":")[2]
    tar = layer_of(root, config.pop("Owners", {}))
    layout = Layout()
    layer = layout.blob(LAYER, gzip.compress(tar, 6, mtime=0))
    created = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc)
    image = layout.json_blob(CONFIG, {
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]},
    })
    manifest = layout.json_blob(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": image, "layers": [layer]})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": sys.argv[4]}
    layout.files["index.json"] = json.dumps(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest]}, sort_keys=True).encode()
    layout.write(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
