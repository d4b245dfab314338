"""coder.c compiles without a warning, and touches nothing outside its buffers whatever it is given."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from ... import state
from ...environment import detect_emulation
from ...outputs.native import FLAGS, SOURCE
from ...outputs.native.build import find_compiler
from .compiled import needs_compiler

FUZZ = Path(__file__).resolve().with_name("fuzz.c")
CASES, SEED = "20000", "1"
_SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


@needs_compiler
class Compilers(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def compiled(self, compiler: list[str], source: Path, *flags: str) -> tuple[Path, str]:
        """The output file and what the compiler said, nothing if it did not fail."""
        output = self.folder / f"{source.stem}{len(list(self.folder.iterdir()))}"
        command = [*compiler, "-std=c99", *flags, "-o", str(output), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return output, done.stderr if done.returncode else ""

    def run_fuzz(self, program: Path) -> str:
        done = subprocess.run([str(program), CASES, SEED], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_no_compiler_has_a_warning(self) -> None:
        for name in filter(shutil.which, ("cc", "gcc", "clang")):
            for flags in (FLAGS, ("-O0", *FLAGS[1:])):
                self.assertEqual(self.compiled([name], SOURCE, *flags, *_WARNINGS)[1], "", (name, flags))

    @unittest.skipIf(state.probe({"emulated": detect_emulation}), "sanitizers do not work under an emulator")
    def test_sanitizers_find_nothing_and_nothing_depends_on_the_compiler(self) -> None:
        empty = self.folder / "empty.c"
        empty.write_text("int main(void) { return 0; }\n", encoding="ascii")
        if self.compiled(find_compiler(), empty, *_SANITIZERS)[1]:
            self.skipTest("this compiler has no sanitizers")
        program, said = self.compiled(find_compiler(), FUZZ, *_SANITIZERS, *_WARNINGS)
        self.assertEqual(said, "")
        answer = self.run_fuzz(program)
        coded, refused = (int(word) for word in answer.split()[1:4:2])
        self.assertGreater(coded, 10_000)
        self.assertGreater(refused, 2_000)
        plain, said = self.compiled(find_compiler(), FUZZ, "-O3")
        self.assertEqual(said, "")
        self.assertEqual(self.run_fuzz(plain), answer)


if __name__ == "__main__":
    unittest.main()
