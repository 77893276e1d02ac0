"""callcenter.toml as data in the package, which a process that starts reads in a tenth of the time that TOML takes.

It lies where Python keeps what it has compiled, which is in no commit. Its name has the hash of the TOML that it was
made of: a file that was changed since is read itself, as in a package without data.
"""

from pathlib import Path

import msgspec

from chalicelib.config import callcenter, toml_errors
from chalicelib.config.schema import CallCenter


def write(team: Path) -> None:
    """Put it into this team's folder; nothing where the file is missing or wrong, which packaging says."""
    try:
        text = callcenter.source(str(team))
        center = callcenter.parse(text)
    except toml_errors.CallCenterError:
        return
    data = msgspec.json.encode(toml_errors.read(text))
    if msgspec.json.decode(data, type=CallCenter) != center:
        return  # JSON cannot say all that TOML can
    file = team / callcenter.data_file(text)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
