"""How shapes lie in the cubes of their grids, as a pack says it; imports nothing but Python.

fitted   the box of each shape is centred, and its longest side fills `span` of the cube's side:
         60/64 in all that is voxelized or carved here. Size is lost.
floor    known-factor chairs: cubes of 48 inches, the box centred in x and y, the feet 1.5
         inches above the bottom. Size is part of the shape; `span` is the most that one fills.
"""

from dataclasses import dataclass

KINDS = ("fitted", "floor")
SPAN = 60 / 64  # geometry/voxelize.py and geometry/visual_hull/carve.py fit shapes so
INCH = 0.0254  # metres
FLOOR_SIDE = 48 * INCH  # metres: the cube of shapes that keep their size
USUAL = 36 * INCH  # metres: the longest side of a usual seat, where the true one is lost


@dataclass(frozen=True)
class Frame:
    """How shapes lie in their cubes, and the share of the cube's side that the longest side fills.

    Errors: another kind, a span that is not above 0 and up to 1 (`ValueError`).
    """

    kind: str
    span: float = SPAN

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not 0 < self.span <= 1:
            raise ValueError(
                f"a frame of {self.kind!r} with span {self.span} is not known: it is "
                f"{' or '.join(KINDS)}, its span above 0 and up to 1."
            )

    def __str__(self) -> str:
        """In words, for what is printed."""
        return "floor" if self.kind == "floor" else f"fitted, span {self.span:.3g}"


FITTED, FLOOR = Frame("fitted"), Frame("floor")


def cube_side(frame: Frame, *, longest: float = USUAL) -> float:
    """The side of a shape's cube in metres, its longest side being `longest` where size is lost."""
    return FLOOR_SIDE if frame.kind == "floor" else longest / frame.span
