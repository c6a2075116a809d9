"""The `export` settings: how meshes are finished, and how large their print would be."""

from dataclasses import dataclass

from infogan3d.io.settings import setting

FORMATS = ("glb", "stl", "3mf", "obj")


@dataclass(frozen=True, kw_only=True)
class FinishConfig:
    """How a mesh is finished; all that a training's meshes need."""

    # 5 steps leave every cell of 32^3 chairs where it was (IoU 1.000), 10 take some (0.990)
    smooth: int = setting(
        5, "Taubin steps that take the stairs off, volume kept; 0: none", at_least=0, at_most=50
    )
    faces: int | None = setting(
        None, "most triangles; a mesh that would open keeps more; null: all", at_least=100
    )


@dataclass(frozen=True, kw_only=True)
class ExportConfig(FinishConfig):
    """How every mesh file is finished, how large it is, and the print that its verdict is about."""

    size: float | None = setting(
        None,
        "longest side in the files, mm; null: as large as the chair is",
        at_least=1,
        at_most=10_000,
    )
    # a figure of a chair, and three lines of a 0.4 mm nozzle
    print_height: float = setting(
        100.0, "height of the print that is judged, mm, unless size is given", at_least=1
    )
    wall: float = setting(1.2, "thinnest wall that prints, mm", at_least=0.0)


def formats_of(words: str, *, known: tuple[str, ...] = FORMATS) -> tuple[str, ...]:
    """The kinds of files that `glb,stl` names, each once. Errors: an unknown one (`ValueError`)."""
    kinds = tuple(dict.fromkeys(word.strip() for word in words.split(",")))
    for kind in kinds:
        if kind not in known:
            raise ValueError(
                f"format={kind} is not known: choose one of {', '.join(known)}, or several with "
                "commas."
            )
    return kinds
