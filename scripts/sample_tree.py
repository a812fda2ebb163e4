"""What the self-tests of the check_*.py scripts share."""

import os
import tempfile


def found_in(files, check):
    """Writes `files`, texts by path, to an empty folder and returns check(folder). A path whose text is None is left out."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            if text is None:
                continue
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)
