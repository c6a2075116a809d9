"""The settings of `python -m infogan3d.generate`."""

from dataclasses import dataclass

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
    """Samples, a traversal of one code, or one sample changed to measure as asked."""

    name: str = setting("generate", "names the folder of what is made")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    count: int = setting(16, "shapes", at_least=1)
    seed: int = setting(0, "of the draws", at_least=0, at_most=LARGEST_SEED)
    walk: str | None = setting(None, "a code (d0, c0, ...) to move while everything else is held")
    span: float = setting(1.0, "a continuous code goes from -span to span")
    format: str = setting(
        "glb",
        "of the meshes; onnx: G itself as a file, and GLB meshes",
        choices=("glb", "obj", "stl", "onnx"),
    )
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
        given = [key for key, value in vars(self.set).items() if value is not None]
        if given and self.walk:
            raise ValueError(f"walk={self.walk} and set.{given[0]} cannot go together: give one.")
        if given and self.base >= self.count:
            raise ValueError(
                f"base={self.base} is none of the {self.count} samples: give 0 to {self.count - 1}."
            )
