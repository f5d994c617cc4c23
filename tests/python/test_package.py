#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The package as a whole: one extension for all Pythons, type hints, all of the library."""

import ast
import inspect
import pydoc
import re
import subprocess
import unittest
from pathlib import Path

import pcibar
import support
from pcibar import _binding

PACKAGE = Path(pcibar.__file__).parent
HEADERS = support.ROOT / "include" / "pcibar"
# Macros over functions of the stable ABI, which begin with an underscore there too.
STABLE = {"_PyArg_ParseTuple_SizeT", "_PyObject_CallMethod_SizeT", "_Py_BuildValue_SizeT",
          "_Py_Dealloc", "_Py_NoneStruct"}
# C programs have addresses; here all accesses are checked calls.
NOT_FOR_PYTHON = re.compile(r"pcibar_(read|write)(8|16|32|64)(_lo_hi)?|pcibar_dma_[rw]mb|"
                            r"pcibar_map_addr|pcibar_guard_handle|pcibar_backend_name|"
                            r"pcibar_device_open_selector|pcibar_selector_format|"
                            # A wait there has to end when another thread closes the vector.
                            r"pcibar_irq_wait")


class Package(unittest.TestCase):
    def test_only_the_stable_abi(self):
        done = subprocess.run(["nm", "-D", "--undefined-only", _binding.__file__], text=True,
                              stdout=subprocess.PIPE, check=True)
        private = {name for name in re.findall(r" U (_Py\w+)", done.stdout)}
        self.assertLessEqual(private, STABLE)
        self.assertTrue(_binding.__file__.endswith("/_binding.abi3.so"))

    def test_only_its_entry_is_exported(self):
        done = subprocess.run(["nm", "-D", "--defined-only", _binding.__file__], text=True,
                              stdout=subprocess.PIPE, check=True)
        self.assertEqual(re.findall(r" T (\w+)", done.stdout), ["PyInit__binding"])

    def test_all_of_the_library_is_reached(self):
        text = "".join(path.read_text(encoding="utf-8")
                       for path in (support.ROOT / "python").glob("*.c"))
        for name in re.findall(r"^\t(pcibar_\w+);", (support.ROOT / "lib/pcibar.map").read_text(
                encoding="utf-8"), re.MULTILINE):
            if not NOT_FOR_PYTHON.fullmatch(name):
                self.assertRegex(text, rf"\b{name}\b")

    def test_all_constants_are_there(self):
        """By the name and with the value that the headers have; selectors are text here."""
        for path in HEADERS.glob("*.h"):
            text = path.read_text(encoding="utf-8")
            for name, bit in re.findall(r"^#define PCIBAR_(?!SEL_)(\w+)\t+\(1u << (\d+)\)", text,
                                        re.MULTILINE):
                self.assertEqual(getattr(_binding, name), 1 << int(bit), name)

    def test_all_reasons_are_there(self):
        text = (HEADERS / "explain.h").read_text(encoding="utf-8")
        names = re.findall(r"^\tPCIBAR_REASON_(\w+)(?: = 0)?,", text, re.MULTILINE)
        self.assertEqual([(code.name, code.value) for code in pcibar.ReasonCode],
                         [(name, number) for number, name in enumerate(names)])

    def test_hints_name_what_the_extension_has(self):
        tree = ast.parse((PACKAGE / "_binding.pyi").read_text(encoding="utf-8"))
        self.assertTrue((PACKAGE / "py.typed").exists())

        def names(body):
            for node in body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    yield node.name
                elif isinstance(node, ast.AnnAssign):
                    yield node.target.id

        def public(thing):
            return {name for name in vars(thing) if not name.startswith("_")}

        self.assertEqual(set(names(tree.body)), public(_binding))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self.assertEqual(set(names(node.body)), public(getattr(_binding, node.name)))

    def test_all_is_hinted_and_described(self):
        for name in pcibar.__all__:
            thing = getattr(pcibar, name)
            if inspect.isfunction(thing):
                self.assertNotIn(inspect.Parameter.empty,
                                 [inspect.signature(thing).return_annotation])
            if name != "ROM":
                self.assertTrue(thing.__doc__, name)
        for cls in (pcibar.Device, pcibar.Map, pcibar.Irq):
            for name, member in vars(cls).items():
                if inspect.isfunction(member) and not name.startswith("_"):
                    self.assertTrue(member.__doc__, name)
                    for parameter in list(inspect.signature(member).parameters.values())[1:]:
                        self.assertIsNot(parameter.annotation, inspect.Parameter.empty, name)

    def test_help_is_short(self):
        """Enumerations show their members, without all that integers have."""
        text = pydoc.plain(pydoc.render_doc(pcibar))
        # How much a tuple or an exception shows depends on the version of Python.
        inherited = re.compile(r"^ *\|  [^\n]* inherited from builtins\.\w+:$.*?^ *(?:\|  --|\n)",
                               re.MULTILINE | re.DOTALL)
        self.assertLess(len(inherited.sub("", text).splitlines()), 1900)
        for name in ("FREEBSD", "wait_until", "MAP_WC", "share_driver"):
            self.assertIn(name, text)
        self.assertNotIn("bit_count", text)

    def test_the_version(self):
        text = (HEADERS / "version.h").read_text(encoding="utf-8")
        self.assertIn(f'#define PCIBAR_VERSION\t\t"{pcibar.version()}"', text)


if __name__ == "__main__":
    support.main()
