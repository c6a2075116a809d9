"""3MF, what slicers keep: a zip with the triangles in one XML part (3MF Core, sections 3 and 4).

Written with millimetres as unit, one object, and a fixed date, so that equal meshes give equal
bytes. Read are the objects that the build shows, through their components; other extensions that a
file requires are refused by name. Nothing in it names a file outside of it.
"""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from lxml import etree

from infogan3d.io.files import archive_problem
from infogan3d.io.meshes.polygons import MeshError, Polygons, check_count

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
PART = "3D/3dmodel.model"
MILLIMETRES = {
    "micron": 0.001, "millimeter": 1.0, "centimeter": 10.0, "inch": 25.4, "foot": 304.8,
    "meter": 1000.0,
}  # fmt: skip
LARGEST_PART = 128 << 20  # bytes of XML
MOST_OBJECTS = 10_000
DEEPEST = 32  # components within components
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can have

TYPES = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
RELATIONS = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rel0" Target="/{PART}" Type="{KIND}"/></Relationships>'
)

Matrix = Float[np.ndarray, "4 4"]
Placed = tuple[str, Matrix]


# ---- write -----------------------------------------------------------------------------------


def write_3mf(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], *, note: str = ""
) -> bytes:
    """A mesh in millimetres, Z up, as the bytes of a 3MF file; `note` becomes its description."""
    points = "".join(f'<vertex x="{x:.6g}" y="{y:.6g}" z="{z:.6g}"/>' for x, y, z in vertices)
    corners = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces)
    about = f'<metadata name="Description">{html.escape(note)}</metadata>' if note else ""
    model = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xmlns="{CORE}">{about}'
        f'<resources><object id="1" type="model"><mesh><vertices>{points}</vertices>'
        f"<triangles>{corners}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )
    parts = {"[Content_Types].xml": TYPES, "_rels/.rels": RELATIONS, PART: model}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return stream.getvalue()


# ---- read ------------------------------------------------------------------------------------


def read_3mf(content: bytes, face_cap: int) -> Polygons:
    """The triangles that a 3MF file's build shows, in millimetres whatever its unit.

    Errors (`MeshError`): no such archive, more faces than `face_cap` with all components counted,
    an extension that is required, no build.
    """
    model = parsed(model_part(content))
    unit = MILLIMETRES.get(model.get("unit", "millimeter"))
    if unit is None:
        raise MeshError(f"its unit {model.get('unit')!r} is none of {', '.join(MILLIMETRES)}")
    if model.get("requiredextensions"):
        raise MeshError(
            f"it requires the extension {model.get('requiredextensions')[:40]!r}, which is not "
            "read here",
            "export it as plain 3MF",
        )
    objects = {node.get("id"): node for node in model.iterfind("{*}resources/{*}object")}
    if len(objects) > MOST_OBJECTS:
        raise MeshError(f"it has more than {MOST_OBJECTS} objects", "join its meshes")
    roots = [placed(node) for node in model.iterfind("{*}build/{*}item")]
    if not roots:
        raise MeshError("its build shows no object")
    counts: dict[str, int] = {}
    total = sum(faces_of(objects, name, counts, face_cap) for name, _ in roots)
    check_count(total, face_cap)
    vertices, triangles, first = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for points, corners in shown(objects, roots):
        vertices.append(points * unit)
        triangles.append(corners + first)
        first += len(points)
    corners = np.concatenate(triangles)
    return Polygons(np.concatenate(vertices), corners.reshape(-1), np.full(len(corners), 3))


def model_part(content: bytes, *, most: int = LARGEST_PART) -> bytes:
    """The XML of a 3MF file's model, at most its first `most` bytes where that is asked for."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise MeshError(f"it is no zip archive: {error}") from error
    with archive:
        problem = archive_problem(archive, len(content))
        if problem:
            raise MeshError(f"it holds {problem}", "do not trust it, get it anew")
        names = [entry.filename for entry in archive.infolist()]
        inside = [name for name in names if name.lower() == PART.lower()]
        inside += [name for name in names if name.lower().endswith(".model")]
        if not inside:
            raise MeshError("it holds no .model part")
        entry = archive.getinfo(inside[0])
        if entry.file_size > LARGEST_PART:
            raise MeshError(f"its model has {entry.file_size} bytes, more than {LARGEST_PART}")
        with archive.open(entry) as stream:
            return stream.read(most)


def parsed(text: bytes) -> Any:
    """The XML's root; entities are refused, and nothing outside is ever opened."""
    if re.search(rb"<!(DOCTYPE|ENTITY)", text):
        raise MeshError("its XML declares entities", "do not trust it")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        return etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise MeshError(f"its XML cannot be read: {error}") from error


def placed(node: Any) -> Placed:
    """The object that an item or a component shows, and where (section 3.3: rows, by columns)."""
    matrix = np.eye(4)
    given = node.get("transform")
    if given is not None:
        numbers = np.array([float(word) for word in given.split()])
        if numbers.shape != (12,) or not np.isfinite(numbers).all():
            raise MeshError(f"a transform {given[:40]!r} has not 12 numbers")
        matrix[:3, :4] = numbers.reshape(4, 3).T
    return str(node.get("objectid")), matrix


def faces_of(objects: dict[str, Any], name: str, counts: dict[str, int], most: int) -> int:
    """How many triangles an object shows, its components' among them; none is read yet.

    Errors: no such object, components within components deeper than DEEPEST, or in a circle.
    """

    def count(name: str, depth: int) -> int:
        if name not in objects:
            raise MeshError(f"it names the object {name[:20]!r}, which it lacks")
        if depth > DEEPEST:
            raise MeshError(f"its components go deeper than {DEEPEST}, or in a circle")
        if name not in counts:
            node = objects[name]
            total = sum(1 for _ in node.iterfind("{*}mesh/{*}triangles/{*}triangle"))
            for part in node.iterfind("{*}components/{*}component"):
                total += max(1, count(placed(part)[0], depth + 1))  # an empty one too takes time
                check_count(total, most)
            counts[name] = total
        return counts[name]

    return count(name, 0)


def shown(
    objects: dict[str, Any], roots: list[Placed]
) -> Iterator[tuple[Float[np.ndarray, "n 3"], Int[np.ndarray, "m 3"]]]:
    """The meshes that the build shows, each where it stands."""
    waiting = list(roots)
    while waiting:
        name, matrix = waiting.pop()
        node = objects[name]
        for part in node.iterfind("{*}components/{*}component"):
            inner, place = placed(part)
            waiting.append((inner, matrix @ place))
        corners = table(node.iterfind("{*}mesh/{*}triangles/{*}triangle"), ("v1", "v2", "v3"), int)
        if not len(corners):
            continue
        points = table(node.iterfind("{*}mesh/{*}vertices/{*}vertex"), ("x", "y", "z"), float)
        if corners.min() < 0 or corners.max() >= len(points):
            raise MeshError(f"a face names vertex {corners.max()} of {len(points)}")
        if np.linalg.det(matrix[:3, :3]) < 0:
            corners = corners[:, ::-1]
        yield points @ matrix[:3, :3].T + matrix[:3, 3], corners


def table(nodes: Any, names: tuple[str, ...], kind: type) -> np.ndarray:
    """Some attributes of some nodes as rows."""
    rows = [[kind(node.get(name)) for name in names] for node in nodes]
    dtype = np.int64 if kind is int else np.float64
    return np.array(rows, dtype).reshape(-1, len(names))
