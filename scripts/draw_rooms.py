#!/usr/bin/python3
"""Prints the rooms of the library as a graph for Graphviz, made from the includes in their files: docs/rooms.gv.

  draw_rooms.py | dot -Tsvg -o docs/rooms.svg      for docs/architecture.md; the target docs_picture makes all pictures

An arrow leads from a room to one whose headers it includes; one that others imply is left out. Libraries stand beside the rooms that
include them.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from check_layering import INCLUDE, ROOMS, ROOT, room_of, source_files  # noqa: E402

LIBRARIES = {  # by how the paths of their headers begin; SLEEF's functions are declared in a header of the kernels
    r"dnnl": "oneDNN", r"cblas\.h": "OpenBLAS", r"hwy/": "Highway", r"(?:autograd/kernels/)?sleef": "SLEEF", r"omp\.h": "OpenMP",
    r"zlib\.h": "zlib", r"nlohmann/": "nlohmann-json", r"CLI/": "CLI11", r"spdlog/": "spdlog", r"xxhash\.h": "xxHash",
}


def includes():
    """The rooms and the libraries that the files of each room include."""
    rooms, libraries = {room: set() for room in ROOMS}, {room: set() for room in ROOMS}
    for path in source_files(ROOT):
        room = room_of(path)
        if room is None:
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            matches = [INCLUDE.match(line) for line in file]
        for own, system in (match.groups() for match in matches if match):
            if own is not None and room_of(own) not in (room, None):
                rooms[room].add(room_of(own))
            libraries[room].update(name for start, name in LIBRARIES.items() if re.match(start, system or own))
    return rooms, libraries


def reached(rooms, start, without):
    """Rooms that `start` leads to when its arrow to `without` is not there."""
    found, open_rooms = set(), [room for room in rooms[start] if room != without]
    while open_rooms:
        room = open_rooms.pop()
        if room not in found:
            found.add(room)
            open_rooms += rooms[room]
    return found


def draw():
    rooms, libraries = includes()
    shown = [room for room in ROOMS if room not in ("autograd", "nn")]  # the umbrella headers include all
    rooms["apps"] -= {"autograd", "nn"}
    lines = ["digraph {", "  rankdir=TB;", '  node [fontname="sans-serif", fontsize=11, shape=box, style="filled,rounded"];',
             '  graph [fontname="sans-serif", fontsize=12];', '  apps [fillcolor=lightyellow, label="apps/"];']
    for library, color in (("nn", "honeydew"), ("autograd", "aliceblue")):
        lines += [f"  subgraph cluster_{library} {{", f'    label="{library}/"; labeljust=l; color=gray70; style=rounded;']
        lines += [f'    "{room}" [fillcolor={color}, label="{room.split("/")[1]}/"];' for room in shown if room.startswith(library + "/")]
        lines.append("  }")
    lines += [f'  "{room}" -> "{other}";' for room in shown for other in ROOMS
              if other in rooms[room] and other not in reached(rooms, room, other)]
    for room in shown:
        if libraries[room]:
            name = "\\n".join(sorted(libraries[room], key=str.lower))
            lines += [f'  "libraries of {room}" [shape=plaintext, style="", fontsize=10, label="{name}"];',
                      f'  "{room}" -> "libraries of {room}" [style=dashed, arrowhead=none];']
    return lines + ["}"]


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(__doc__)
    print("\n".join(draw()))
