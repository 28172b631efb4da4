"""Compares the numbers of two results.json of the quickstart: python3 same_results.py A B TOLERANCE.

Every list of numbers is compared relative to its largest magnitude, and so are single numbers by themselves. What names the machine or is a
time is left out. Prints the largest difference; ends with 1 if it is more than the tolerance, or if anything else differs.
"""

import json
import sys

LEFT_OUT = {"backend", "provenance", "seconds", "millis", "exactMillis"}


def leaves(value, path):
    """Yields (path without indices, path, leaf)."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in LEFT_OUT:
                yield from leaves(part, path + (key,))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, path + (index,))
    else:
        yield tuple(key for key in path if isinstance(key, str)), path, value


def main():
    first, second = (dict((p, (kind, v)) for kind, p, v in leaves(json.load(open(file)), ())) for file in sys.argv[1:3])
    if first.keys() != second.keys():
        sys.exit(f"the results have other parts: {sorted(map(str, first.keys() ^ second.keys()))[:10]}")
    largest, differences, compared = {}, {}, 0
    for path, (kind, a) in first.items():
        b = second[path][1]
        if isinstance(a, (int, float)) and not isinstance(a, bool):
            largest[kind] = max(largest.get(kind, 0), abs(a))
            differences[kind] = max(differences.get(kind, 0), abs(a - b))
            compared += 1
        elif a != b:
            sys.exit(f"{path}: {a} and {b}")
    worst = max(differences, key=lambda kind: differences[kind] / (largest[kind] or 1))
    difference = differences[worst] / (largest[worst] or 1)
    print(f"{compared} numbers; largest difference {difference:.2g} of the largest, in {'.'.join(worst)}")
    sys.exit(0 if difference <= float(sys.argv[3]) else 1)


main()
