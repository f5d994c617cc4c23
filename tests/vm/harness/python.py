# SPDX-License-Identifier: BSD-2-Clause
"""The host's Python in a guest, with as much of its library as the package pcibar takes."""

import hashlib
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from . import store
from .paths import BUILD
from .scenario import Skip

PACKAGES = "usr/lib/python3/dist-packages"
LIBRARY = Path(sysconfig.get_path("stdlib"))
# No site-packages; leaks are reported; file names in UTF-8 whatever the locale is.
OPTIONS = ("-S", "-B", "-W", "default", "-X", "utf8")
# What a script may import. TLS takes more libraries than all else, and what uses it does without.
IMPORTS = """
import sys
sys.modules["ssl"] = None
import pcibar{}
print(*(module.__file__ for module in sys.modules.values() if hasattr(module, "__file__")))
"""
RUN = ("PYTHONHOME=/tmp/python LD_LIBRARY_PATH=/tmp/python/lib "
       f"PYTHONPATH=/{PACKAGES} exec /tmp/python/python3 {' '.join(OPTIONS)}")


def install(vm, *modules, stage=BUILD / "stage"):
    """Makes `run` and `spawn` work in the guest, for scripts that import MODULES as well."""
    if not (stage / PACKAGES / "pcibar").is_dir():
        raise Skip("pcibar was built without Python: the headers of python3-dev are missing")
    sources = _needed(stage, modules)
    # Of just this list, which grows with what the package imports.
    digest = hashlib.sha256("".join(map(str, sources)).encode()).hexdigest()[:12]
    made = store.once(BUILD / "vm" / f"python-{digest}", lambda folder: _fill(folder, sources))
    shutil.copytree(made, vm.share / "python", copy_function=os.link)
    # The share is not cached: each start would read all of it again.
    vm.check("cp -r /host/python /tmp/python")


def run(vm, script, status=0, **how):
    """Runs a script that must end with STATUS, and returns its Result."""
    return vm.check(_command(vm, script), status, **how)


def spawn(vm, script):
    return vm.spawn(_command(vm, script))


def _command(vm, script):
    name = f"script-{vm.agent.jobs}.py"
    (vm.share / name).write_text(script, encoding="utf-8")
    return f"{RUN} /host/{name}"


def _needed(stage, modules):
    """What of the standard library the package and MODULES import, with what that imports."""
    script = IMPORTS.format("".join(f", {name}" for name in modules))
    done = subprocess.run([sys.executable, *OPTIONS, "-c", script], text=True,
                          check=True, stdout=subprocess.PIPE, env=os.environ | {
                              "PYTHONPATH": str(stage / PACKAGES),
                              "LD_LIBRARY_PATH": str(stage / "usr" / "lib")})
    return sorted({path for path in map(Path, done.stdout.split())
                   if path.is_relative_to(LIBRARY) and path.suffix in (".py", ".so")})


def _fill(folder, sources):
    shutil.copy(sys.executable, folder / "python3")
    (folder / "lib").mkdir()
    linked = subprocess.run(["ldd", sys.executable], text=True, stdout=subprocess.PIPE, check=True)
    for path in re.findall(r"=> (/\S+)", linked.stdout):
        shutil.copy(path, folder / "lib")
    extensions = folder / "lib" / "python{}.{}".format(*sys.version_info[:2]) / "lib-dynload"
    extensions.mkdir(parents=True)
    for path in sources:
        if path.suffix == ".so":
            shutil.copy(path, extensions)
    version = "{}{}".format(*sys.version_info[:2])
    with (zipfile.ZipFile(folder / "lib" / f"python{version}.zip", "w") as archive,
          tempfile.NamedTemporaryFile() as compiled):
        for path in (each for each in sources if each.suffix == ".py"):
            py_compile.compile(str(path), cfile=compiled.name, doraise=True)
            archive.write(compiled.name, path.relative_to(LIBRARY).with_suffix(".pyc"))
