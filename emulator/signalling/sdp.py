"""The other end of a browser's sound, described (RFC 8866): it is accepted, and no sound ever comes. Pure.

A fingerprint of nobody's certificate and no candidate: the browser looks for a way to it and takes the call meanwhile
(contract 15.9).
"""

import re

OPUS, PCMU = "111", "0"
FINGERPRINT = ":".join(["00"] * 32)
USER, PASSWORD = "emulator", "emulator-has-no-media-server"


def offer() -> str:
    """For a call to a browser."""
    return _description(OPUS, "0", "actpass")


def answer(offered: str) -> str:
    """For a call from a browser: with its own number for Opus and its own name for the sound."""
    opus = re.search(r"^a=rtpmap:(\d+) opus/48000", offered, re.MULTILINE)
    mid = re.search(r"^a=mid:(\S+)", offered, re.MULTILINE)
    return _description(opus[1] if opus else OPUS, mid[1] if mid else "0", "passive")


def _description(opus: str, mid: str, setup: str) -> str:
    lines = (
        "v=0",
        "o=emulator 0 0 IN IP4 127.0.0.1",
        "s=emulator",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        "a=ice-lite",
        "a=msid-semantic: WMS emulator",
        f"m=audio 9 UDP/TLS/RTP/SAVPF {opus} {PCMU}",
        "c=IN IP4 127.0.0.1",
        f"a=mid:{mid}",
        "a=sendrecv",
        "a=rtcp-mux",
        f"a=ice-ufrag:{USER}",
        f"a=ice-pwd:{PASSWORD}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=setup:{setup}",
        f"a=rtpmap:{opus} opus/48000/2",
        f"a=fmtp:{opus} minptime=10;useinbandfec=1",
        f"a=rtpmap:{PCMU} PCMU/8000",
        "a=msid:emulator emulator",
        "a=ssrc:1 cname:emulator",
    )
    return "".join(f"{line}\r\n" for line in lines)
