"""Puts the packages together: the program out of its wheel, with instructions, samples and templates beside it.

    assemble.py TREE WHEELS OUT
"""

import gzip
import hashlib
import io
import os
import re
import sys
import tarfile
import time
import zipfile
from pathlib import Path

# That of CentOS 7.
NEWEST_GLIBC = (2, 17)
MOMENT = int(os.environ["SOURCE_DATE_EPOCH"])


def program(wheel):
    """The program that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if re.search(r"\.data/scripts/bw8(\.exe)?$", name)]
        return archive.read(name)


def newest_glibc(binary):
    """The newest version of glibc that a program asks for, of the names of versions that stand in it."""
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", binary)
    return max((int(major), int(minor)) for major, minor in versions)


def contents(tree, binary, is_windows):
    """Paths in the package with their bytes."""
    # Notepad of older versions of Windows needs both to show a text as it is.
    as_read = (lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")) if is_windows else (lambda text: text)
    files = {"bw8.exe" if is_windows else "bw8": binary}
    pages = {"usage.zh.txt": "使用说明.txt", "it-department.zh.txt": "给信息部门的说明.txt", "usage.en.txt": "README.txt"}
    for page, name in pages.items():
        files[name] = as_read((tree / "packaging" / page).read_bytes())
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        files[f"{name}.txt"] = as_read((tree / name).read_bytes())
    for folder in ("samples", "templates"):
        for path in sorted((tree / folder).rglob("*")):
            if path.is_file():
                files[path.relative_to(tree).as_posix()] = path.read_bytes()
    return files


def write_zip(path, top, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(f"{top}/{name}", time.gmtime(MOMENT)[:6]), data, zipfile.ZIP_DEFLATED)


def write_tar(path, top, files):
    with open(path, "wb") as out, gzip.GzipFile("", "wb", 9, out, MOMENT) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(f"{top}/{name}")
                member.size, member.mtime = len(data), MOMENT
                member.mode = 0o755 if name == "bw8" else 0o644
                archive.addfile(member, io.BytesIO(data))


def main():
    tree, wheels, out = map(Path, sys.argv[1:])
    version = re.search(r'^version = "(.+)"', (tree / "Cargo.toml").read_text(), re.M)[1]
    made = []
    for wheel in sorted(wheels.glob("bw8-*.whl")):
        is_windows, binary = "win_amd64" in wheel.name, program(wheel)
        top = f"bw8-{version}-{'windows' if is_windows else 'linux'}-x64"
        files = contents(tree, binary, is_windows)
        if is_windows:
            write_zip(out / f"{top}.zip", top, files)
            made.append(f"{top}.zip")
        else:
            asked = newest_glibc(binary)
            if asked > NEWEST_GLIBC:
                sys.exit("%s asks for glibc %d.%d" % (wheel.name, *asked))
            write_tar(out / f"{top}.tar.gz", top, files)
            made.append(f"{top}.tar.gz")
        (out / wheel.name).write_bytes(wheel.read_bytes())
        made.append(wheel.name)
    sums = [f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(made)]
    (out / "SHA256SUMS").write_text("".join(sums))
    sys.stdout.write("".join(sums))


main()
