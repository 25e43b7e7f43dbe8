"""Draw what `regard` prints to a terminal as an SVG: the picture in README.md.

    cargo build --release
    CLICOLOR_FORCE=1 target/release/regard classify --format table examples/summit.en.txt | python3 scripts/picture.py > examples/summit.en.svg
"""

import html
import re
import sys

WIDTH, LINE, SIZE = 112, 19, 14
STYLES = {"1": "font-weight:bold", "2": "fill:#8b949e", "31": "fill:#ff7b72", "32": "fill:#7ee787"}


def wrapped(line):
    """A line of text in pieces of at most WIDTH columns; the table's own lines are never longer."""
    while len(re.sub(r"\x1b\[[0-9;]*m", "", line)) > WIDTH:
        cut = line.rfind(" ", 0, WIDTH)
        yield line[:cut]
        line = "     " + line[cut + 1 :]
    yield line


def spans(line):
    style = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if code:
            style = STYLES.get(code[1], "")
        elif part:
            # Browsers fold ordinary spaces.
            yield f'<tspan style="{style}">{html.escape(part).replace(" ", "&#160;")}</tspan>'


lines = [piece for line in sys.stdin.read().splitlines() for piece in wrapped(line)]
height = LINE * (len(lines) + 2)
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * 8.5:.0f}" height="{height}" role="img">')
print('<rect width="100%" height="100%" rx="8" fill="#0d1117"/>')
print(f'<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{SIZE}" fill="#e6edf3">')
for number, line in enumerate(lines):
    print(f'<text x="16" y="{LINE * (number + 2)}">{"".join(spans(line))}</text>')
print("</g></svg>")
