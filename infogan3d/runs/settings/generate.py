"""The settings of `python -m infogan3d.generate`."""

import re
from dataclasses import dataclass

from infogan3d.geometry.makers.config import FORMATS, ExportConfig, formats_of
from infogan3d.io.settings import LARGEST_SEED, setting, settings_group

Target = float | str | bool | None


@dataclass(frozen=True, kw_only=True)
class AttributeTargets:
    """What a changed chair shall measure; lengths in sides of the cube, null: as it is."""

    width: Target = setting(None, "overall")
    depth: Target = setting(None, "overall")
    height: Target = setting(None, "overall")
    seat_height: Target = setting(None, "of the seat's top")
    seat_thickness: Target = setting(None, "of the seat")
    back_height: Target = setting(None, "of the back above the seat")
    recline: Target = setting(None, "of the back, degrees")
    legs: Target = setting(None, "number of them")
    arms: Target = setting(None, "none, open or closed")
    back_solidity: Target = setting(None, "of the back, 0 to 1")
    symmetry: Target = setting(None, "left to right, 0 to 1")
    thickness: Target = setting(None, "of the parts")
    volume: Target = setting(None, "share of the cube")
    surface: Target = setting(None, "sides squared")
    components: Target = setting(None, "number of connected components")
    floaters: Target = setting(None, "share of the cells")
    stands: Target = setting(None, "yes or no")
    seat_depth: Target = setting(None, "of the seat")
    feet: Target = setting(None, "number of them")
    leg_thickness: Target = setting(None, "of the legs")
    leg_splay: Target = setting(None, "of the legs, degrees")


@dataclass(frozen=True, kw_only=True)
class GenerateSettings:
    """Samples, a walk, a way between two samples, or one sample changed to measure as asked."""

    name: str = setting("generate", "names the folder of what is made")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    count: int = setting(16, "shapes", at_least=1)
    seed: int = setting(0, "of the draws", at_least=0, at_most=LARGEST_SEED)
    codes: dict[str, float | int | str] | None = setting(
        None,
        "codes held, the rest drawn: codes.d0=3 codes.c1=0.5; by name where they are measured: "
        "codes.arms=open codes.seat_height=0.45 (of the longest side)",
        by_name=True,
    )
    walk: str | None = setting(
        None, "a code (d0, c0, ...) to move while everything else is held; all: each, a row a code"
    )
    span: float = setting(1.0, "a continuous code goes from -span to span")
    between: str | None = setting(
        None, "a,b: `count` shapes on the way from sample a to sample b of the seed", listed=True
    )
    format: str = setting(
        "glb",
        "of the meshes, several with commas: glb, obj (m, Y up), stl, 3mf (mm, Z up); onnx: G "
        "itself as a file, and GLB meshes",
        listed=True,
    )
    export: ExportConfig = settings_group(ExportConfig())
    page: bool = setting(False, "also report.html, with the generator itself in it to play with")
    pieces: str = setting(
        "all",
        "joined: gaps filled, small components dropped; largest: the others dropped",
        choices=("all", "joined", "largest"),
    )
    device: str = setting("cpu", "cpu or cuda")
    base: int = setting(0, "which of the samples is changed where something is set", at_least=0)
    tries: int = setting(3000, "shapes that the search for it may make", at_least=1)
    set: AttributeTargets = settings_group(AttributeTargets())

    def __post_init__(self) -> None:
        formats_of(self.format, known=(*FORMATS, "onnx"))
        given = [f"set.{key}" for key, value in vars(self.set).items() if value is not None]
        if given and self.base >= self.count:
            raise ValueError(
                f"base={self.base} is none of the {self.count} samples: give 0 to {self.count - 1}."
            )
        asked = [] if self.walk is None else [f"walk={self.walk}"]
        asked += [] if self.between is None else [f"between={self.between}"]
        if given and self.codes:
            asked.append(f"codes.{next(iter(self.codes))}")
        asked += given[:1]
        if len(asked) > 1:
            raise ValueError(f"{asked[0]} and {asked[1]} cannot go together: give one.")
        self.ends()

    @property
    def formats(self) -> tuple[str, ...]:
        """The kinds of mesh files."""
        kinds = formats_of(self.format, known=(*FORMATS, "onnx"))
        return tuple(kind for kind in kinds if kind != "onnx") or ("glb",)

    def ends(self) -> tuple[int, int] | None:
        """The samples that `between` names. Errors: not two of the samples (`ValueError`)."""
        if self.between is None:
            return None
        words = self.between.split(",")
        numbers = [int(word) for word in words if re.fullmatch(r"\s*[0-9]{1,9}\s*", word)]
        if len(numbers) != 2 or len(words) != 2 or numbers[0] == numbers[1]:
            raise ValueError(
                f"between={self.between} names no two samples: give two numbers, such as 0,3."
            )
        if max(numbers) >= self.count:
            raise ValueError(
                f"between={self.between}: there are samples 0 to {self.count - 1} (count="
                f"{self.count}): give two of them, or a larger count."
            )
        return numbers[0], numbers[1]
