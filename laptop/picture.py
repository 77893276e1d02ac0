"""Draws docs/demo.svg: what `make demo` prints of its second scenario, of a real run.

python -m laptop.picture
"""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO

from rich.console import Console
from rich.text import Text

from laptop.package import ROOT

PICTURE = ROOT / "docs" / "demo.svg"
WIDTH = 106


def main() -> int:
    """Run the demo, and draw what it prints; 0 when it ended as expected."""
    code, printed = on_terminal([sys.executable, "-m", "laptop.demo", "b"])
    if code:
        print(printed, file=sys.stderr)
        return code
    PICTURE.write_text(drawn(printed), encoding="utf-8")
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return 0


def on_terminal(command: Sequence[str]) -> tuple[int, str]:
    """Exit code of this command, and what it prints on a terminal as wide as the picture."""
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    ours, its = pty.openpty()
    printed = bytearray()
    with subprocess.Popen(
        command, cwd=ROOT, env={**known, "TERM": "xterm", "COLUMNS": str(WIDTH)}, stdout=its, stderr=its
    ) as process:
        os.close(its)
        with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with an error
            while read := os.read(ours, 4096):
                printed += read
    os.close(ours)
    return process.returncode, printed.decode().replace("\r\n", "\n")


def drawn(printed: str) -> str:
    """The SVG of these lines, which may have the escape codes of colours. It fetches nothing, no font either."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ make demo\n{printed}"))
    drawing = console.export_svg(title="make demo", unique_id="demo")
    return re.sub(r" *@font-face \{.*?\}\n", "", drawing, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
