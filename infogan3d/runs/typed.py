"""What is typed, as Hydra's grammar wants it: commas of a list, and names that only a run knows.

format=glb,stl     format='glb,stl'    (with -m still one job each)
codes.d0=3         +codes.d0=3         (the codes are the run's own, no settings of ours)
reopen chair.glb   reopen mesh=chair.glb
"""

import re
from collections.abc import Sequence

from infogan3d.runs.schema import known_settings

BARE = {"reopen": "mesh"}  # the setting of a word that stands alone at a command's front


def hydra_words(name: str, words: Sequence[str]) -> list[str]:
    """The words of a command as Hydra reads them; what it reads as it is stays."""
    known = known_settings(name)
    sweep = bool({"-m", "--multirun"} & set(words))
    written = []
    for place, word in enumerate(words):
        key, is_setting, value = word.partition("=")
        about = known.get(key)
        if name in BARE and place == 0 and not word.startswith("-") and key not in known:
            word = f"{BARE[name]}={quoted(word)}"
        elif is_setting and about is not None and about.metadata["listed"] and not sweep:
            word = f"{key}={quoted(value)}"
        elif is_setting and of_the_run(key, known):
            word = f"+{word}"
        written.append(word)
    return written


def of_the_run(key: str, known: dict[str, object]) -> bool:
    """Whether a name is below a group whose names are the run's own."""
    about = known.get(key.rpartition(".")[0])
    return bool(about is not None and about.metadata["by_name"])  # type: ignore[attr-defined]


def quoted(value: str) -> str:
    """A value in quotes where Hydra would take it apart."""
    plain = "," not in value and "=" not in value and " " not in value
    return value if plain or re.match(r"['\"\[{]", value) else f"'{value}'"
