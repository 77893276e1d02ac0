"""Draws docs/demo.svg: what `make demo` prints of its first scenario, of a real run.

python -m laptop.picture
"""

import os
import re
import subprocess
import sys
from io import StringIO

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from laptop.package import ROOT

PICTURE = ROOT / "docs" / "demo.svg"
WIDTH = 106


def main() -> int:
    """Run the demo, and draw what it prints; 0 when it ended as expected."""
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "laptop.demo", "a"]
    done = subprocess.run(
        command, cwd=ROOT, env={**known, "FORCE_COLOR": "1", "TERM": "xterm"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
        return done.returncode
    PICTURE.write_text(drawn(done.stdout), encoding="utf-8")
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return 0


def drawn(printed: str) -> str:
    """The SVG of these lines, which may have the escape codes of colours. It fetches nothing, and has no font of its own."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ make demo\n{printed}"))
    format_ = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="make demo", code_format=format_, unique_id="demo")


if __name__ == "__main__":
    sys.exit(main())
