"""Puts the libraries for browsers where desk and console have them in a package, fetched anew if they are not there."""

import shutil
import sys

from tools import packages, sdks

INTO = packages.ROOT / "chalicelib" / "console" / "static" / "sdks"


def main() -> int:
    """The exit code: 1 where they could not be fetched, which has been said."""
    if not (sdks.SDKS / "ready").exists():
        sdks.main()
    if not (sdks.SDKS / "ready").exists():
        return 1
    shutil.copytree(sdks.PAGES, INTO, dirs_exist_ok=True)
    print(f"in {INTO.relative_to(packages.ROOT)}, with their licences: the next package has the agent desk, and charts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
