"""The chair in 3D, on its ground and in its light, and shapes beside it."""

from collections.abc import Sequence

import numpy as np
import viser
from jaxtyping import Float

from infogan3d.viewing.explorer.meshes import Surface, smooth_surface
from infogan3d.viewing.explorer.reading import Beside

WOOD, CELLS, OTHERS = (205, 152, 102), (222, 178, 128), (158, 170, 182)
APART = 1.25  # sides of the cube between shapes
EYE, LOOKED_AT = (0.75, -1.3, 0.95), (0.0, 0.0, 0.33)
FAR_EYE = (0.45, -2.35, 1.15)  # where shapes stand beside the chair


def furnish(server: viser.ViserServer) -> None:
    """Light and ground, the same for every browser; where cameras begin."""
    scene = server.scene
    scene.set_up_direction("+z")
    scene.configure_default_lights(enabled=False)
    scene.configure_environment_map(None)
    scene.add_light_hemisphere(
        "/light/sky", sky_color=(255, 252, 246), ground_color=(190, 180, 168), intensity=1.6
    )
    scene.add_light_directional(
        "/light/key", intensity=2.4, cast_shadow=True, position=(-1.6, -2.2, 3.4)
    )
    scene.add_light_directional("/light/fill", intensity=0.7, position=(2.6, -1.0, 1.6))
    scene.add_grid(
        "/ground",
        width=12.0,
        height=12.0,
        cell_size=0.25,
        section_size=1.0,
        cell_color=(228, 223, 216),
        section_color=(212, 205, 196),
        plane_color=(246, 244, 241),
        plane_opacity=1.0,
        shadow_opacity=0.25,
        fade_distance=9.0,
        position=(0.0, 0.0, -0.002),
    )
    server.initial_camera.position = EYE
    server.initial_camera.look_at = LOOKED_AT


class View:
    """What one browser sees: the chair, standing on the ground, and what is beside it."""

    def __init__(self, client: viser.ClientHandle) -> None:
        self.client = client
        self.surface: Surface | None = None
        self.lift = 0.0
        self._beside: list[viser.SceneNodeHandle] = []

    def show(self, surface: Surface) -> None:
        """The chair, in place of the one before."""
        self.surface, self.lift = surface, -surface.lowest
        if not len(surface.faces):
            self.client.scene.remove_by_name("/chair")
            return
        self.client.scene.add_mesh_simple(
            "/chair",
            surface.vertices,
            surface.faces,
            color=CELLS if surface.flat else WOOD,
            flat_shading=surface.flat,
            position=(0.0, 0.0, self.lift),
        )

    def show_beside(self, shapes: Sequence[Beside]) -> None:
        """Shapes to the left and right of the chair with their names; none: they go away."""
        for node in self._beside:
            node.remove()
        self._beside = []
        places = (-APART, APART)
        for i, (shape, x) in enumerate(zip(shapes, places, strict=False)):
            surface = smooth_surface(shape.occupancy)
            if len(surface.faces):
                place = (x, 0.0, -surface.lowest)
                self._beside.append(self._mesh(f"/beside/{i}", surface, place))
            self._beside.append(self._label(f"/words/{i}", shape.words, x))
        if shapes:
            self._beside.append(self._label("/words/chair", "chair of the codes", 0.0))
        self.client.camera.position = FAR_EYE if shapes else EYE
        self.client.camera.look_at = LOOKED_AT

    def _mesh(
        self, name: str, surface: Surface, place: tuple[float, float, float]
    ) -> viser.SceneNodeHandle:
        return self.client.scene.add_mesh_simple(
            name, surface.vertices, surface.faces, color=OTHERS, position=place
        )

    def _label(self, name: str, words: str, x: float) -> viser.SceneNodeHandle:
        return self.client.scene.add_label(name, words, position=(x, 0.0, 1.15))

    def in_cells(
        self, point: tuple[float, float, float], *, resolution: int
    ) -> Float[np.ndarray, "3"]:
        """A point of the scene in cells of the chair's grid, as paint.walk_ray takes it."""
        cells: Float[np.ndarray, 3]
        cells = (np.array(point) - [0.0, 0.0, self.lift] + 0.5) * resolution
        return cells
