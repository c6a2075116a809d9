"""Any triangles come back from every mesh format, in any style of its lines."""

import struct

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases, triangles
from trimesh.exchange.gltf import export_gltf

from infogan3d.io.mesh_files import parse_mesh, read_mesh

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
MARK = "\ufeff"


def same(content, suffix, vertices, faces):
    """The very vertices and triangles."""
    content = content.encode() if isinstance(content, str) else content
    read, corners = parse_mesh(content, suffix, f"a{suffix}")
    np.testing.assert_array_equal(read, vertices)
    np.testing.assert_array_equal(corners, faces)


def number(value, random):
    """A number in one of the ways to write it in full."""
    ways = (repr, "{:.17e}".format, "{:+.17g}".format, "{:.17G}".format)
    return ways[random.integers(len(ways))](float(value))


def spaced(words, random):
    """Words with spaces and tabs between them, some lines with a remark."""
    gaps = [" ", "  ", "\t", " \t "]
    line = "".join(gaps[random.integers(4)] * (i > 0) + word for i, word in enumerate(words))
    return line + ["", "", " ", "  # 1 2 3"][random.integers(4)]


def padded(lines, random, end):
    """Lines with empty ones and remarks between them."""
    extra = ["", "# v 1 2 3", "  ", "\t# f 1 2 3"]
    rows = []
    for line in lines:
        rows += [extra[random.integers(4)]] * (random.random() < 0.2) + [line]
    return end.join(rows) + end * int(random.integers(3))


# OBJ


def corner_words(corners, seen, random):
    """Vertices from the front or from the back, with texture, normals, both or neither."""
    tail = ["", "/3", "//4", "/3/4", "/"][random.integers(5)]
    backwards = max(corners) < seen and random.random() < 0.5
    return [f"{corner - seen if backwards else corner + 1}{tail}" for corner in corners]


@cases(50)
@given(triangles(digits=True), SEEDS, ENDS, st.booleans())
def test_any_triangles_come_back_from_obj(mesh, seed, end, mark):
    """Faces lie between the vertices, before or after those that they name."""
    vertices, faces = mesh
    random = np.random.default_rng(seed)
    aside = ["vt 0 1", "vn 0 0 1", "g back", "o chair", "s off", "usemtl wood", "mtllib a.mtl"]
    lines, seen, waiting = [], 0, faces.tolist()
    while seen < len(vertices) or waiting:
        if random.random() < 0.2:
            edges = ["f 1 2", f"f -1 {seen}"] if seen > 1 else []  # what older exporters wrote
            lines.append(str(random.choice(aside + edges)))
        if seen < len(vertices) and random.random() < 0.6:
            words = ["v", *(number(value, random) for value in vertices[seen])]
            lines.append(spaced(words + ["1"] * int(random.choice([0, 1, 3])), random))
            seen += 1
        elif waiting:
            words = ["f", *corner_words(waiting.pop(0), seen, random)]
            line = spaced(words, random)
            if "#" not in line and random.random() < 0.2:
                line = line.replace(words[-1], f"\\{end}{words[-1]}") if words[-1] else line
            lines.append(line)
    same(MARK * mark + padded(lines, random, end), ".obj", vertices, faces)


# OFF

HEADS = ("OFF\n{} {} 0", "OFF{} {} 0", "OFF {} {} 9", "off\n{} {}", "{} {} 0", "COFF\n{} {} 0")


@cases(50)
@given(
    triangles(digits=True),
    SEEDS,
    ENDS,
    st.sampled_from(HEADS),
    st.booleans(),
)
def test_any_triangles_come_back_from_off(mesh, seed, end, head, mark):
    """Vertices with colours behind COFF, faces with colours everywhere."""
    vertices, faces = mesh
    random = np.random.default_rng(seed)
    lines = head.format(len(vertices), len(faces)).split("\n")
    for row in vertices:
        words = [number(value, random) for value in row]
        lines.append(spaced(words + ["255", "0", "0", "1"] * head.startswith("C"), random))
    for row in faces.tolist():
        words = ["3", *map(str, row), *["0.5", "0", "1"][: 3 * random.integers(2)]]
        lines.append(spaced(words, random))
    first, *rest = lines
    same(MARK * mark + first + end + padded(rest, random, end), ".off", vertices, faces)


# PLY

REALS = {"float": "f4", "float32": "f4", "double": "f8", "float64": "f8"}
WHOLES = {"uchar": "u1", "int8": "i1", "short": "i2", "uint16": "u2", "int": "i4", "uint32": "u4"}
FORMS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


def ply_rows(rows, columns, order, end):
    """The rows of an element: a line each, or bytes; columns are types, or pairs of them."""
    parts = []
    for row in rows:
        words = []
        for value, kind in zip(row, columns, strict=True):
            if isinstance(kind, tuple):
                words += [(len(value), kind[0])] + [(item, kind[1]) for item in value]
            else:
                words.append((value, kind))
        if order:
            parts += [np.array(value).astype(order + kind).tobytes() for value, kind in words]
        else:
            text = [repr(float(x)) if kind[0] == "f" else str(int(x)) for x, kind in words]
            parts.append((" ".join(text) + end).encode())
    return b"".join(parts)


@cases(50)
@given(
    triangles(digits=True),
    SEEDS,
    ENDS,
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(REALS)),
    st.sampled_from(sorted(WHOLES)),
    st.sampled_from(sorted(WHOLES)),
    st.sampled_from(["vertex_indices", "vertex_index"]),
)
def test_any_triangles_come_back_from_ply(mesh, seed, end, form, real, length, whole, name):
    """Columns of any type and order, more of them, and an element that is no part of the mesh."""
    vertices, faces = mesh
    vertices = vertices.astype(REALS[real])
    random, order = np.random.default_rng(seed), FORMS[form]
    places = [("x", vertices[:, 0]), ("y", vertices[:, 1]), ("z", vertices[:, 2])]
    extra = [("red", np.arange(len(vertices)) % 7), ("nx", np.zeros(len(vertices)))]
    columns = [(*pair, real) for pair in places] + [(*extra[0], "uchar"), (*extra[1], "float")]
    columns = [columns[i] for i in random.permutation(5)]
    corners = (f"property list {length} {whole} {name}", faces, (WHOLES[length], WHOLES[whole]))
    flags = ("property uchar flags", np.arange(len(faces)) % 3, "u1")
    sides = [corners, flags] if random.random() < 0.5 else [flags, corners]
    kinds = [(REALS | WHOLES)[kind] for _, _, kind in columns]
    rows, cells = (zip(*(v for _, v, _ in part), strict=True) for part in (columns, sides))
    side_kinds = [kind for _, _, kind in sides]
    edges = ["element edge 2", "property int vertex1", "property list uchar double weights"]
    elements = [
        (
            [f"element vertex {len(vertices)}", *(f"property {k} {n}" for n, _, k in columns)],
            ply_rows(rows, kinds, order, end),
        ),
        (
            [f"element face {len(faces)}", *(line for line, _, _ in sides)],
            ply_rows(cells, side_kinds, order, end),
        ),
        (edges, ply_rows([(5, [0.5, 2]), (6, [])], ["i4", ("u1", "f8")], order, end)),
    ]
    elements = [elements[i] for i in random.permutation(3)]
    lines = ["ply", f"format {form} 1.0", "comment made by hand", "obj_info 1"]
    lines += [line for head, _ in elements for line in head] + ["end_header"]
    content = "".join(line + end for line in lines).encode()
    same(content + b"".join(body for _, body in elements), ".ply", vertices.astype(float), faces)


# STL


@cases(40)
@given(triangles(digits=True), st.binary(max_size=70), st.booleans(), SEEDS)
def test_any_triangles_come_back_from_binary_stl(mesh, head, solid, seed):
    """Even where the header begins like a text."""
    vertices, faces = mesh
    corners = vertices[faces].astype(np.float32)
    notes = np.random.default_rng(seed).integers(1 << 16, size=len(faces))
    content = (b"solid " * solid + head).ljust(80, b" ") + struct.pack("<I", len(faces))
    for rows, note in zip(corners, notes, strict=True):
        content += struct.pack("<12fH", 0, 0, 1, *rows.ravel(), note)
    order = np.arange(3 * len(faces)).reshape(-1, 3)
    same(content, ".stl", corners.reshape(-1, 3).astype(float), order)


@cases(40)
@given(triangles(digits=True), ENDS, st.sampled_from([str.lower, str.upper]), SEEDS)
def test_any_triangles_come_back_from_stl_as_text(mesh, end, case, seed):
    vertices, faces = mesh
    random = np.random.default_rng(seed)
    lines = [case("solid chair of wood")]
    for row in faces:
        lines += [case("facet normal 0 0 1"), case("outer loop")]
        for place in vertices[row]:
            words = [case("vertex"), *(number(value, random) for value in place)]
            lines.append("  " + spaced(words, random))
        lines += [case(" endloop"), case("endfacet")]
    lines.append(case("endsolid chair of wood"))
    order = np.arange(3 * len(faces)).reshape(-1, 3)
    first, *rest = lines
    content = first + end + padded(rest, random, end)
    same(content, ".stl", vertices[faces].reshape(-1, 3), order)


# By another writer


def triangles_of(mesh):
    vertices, faces = mesh
    return vertices[faces]


@cases(30)
@given(triangles(), st.sampled_from(["obj", "off", "ply", "stl", "glb"]), st.booleans())
def test_what_trimesh_writes_is_read_back(mesh, kind, text):
    """Multiples of 1/64, which every format holds exactly."""
    vertices, faces = mesh
    written = trimesh.Trimesh(vertices, faces, process=False)
    options = {"encoding": "ascii"} if kind == "ply" and text else {}
    name = "stl_ascii" if kind == "stl" and text else kind
    content = written.export(file_type=name, **options)
    content = content.encode() if isinstance(content, str) else content
    read = parse_mesh(content, f".{kind}", "a")
    np.testing.assert_array_equal(triangles_of(read), vertices[faces])


@cases(25)
@given(
    st.lists(triangles(), min_size=1, max_size=3),
    SEEDS,
    st.sampled_from(["glb", "gltf", "embedded"]),
)
def test_meshes_of_a_scene_stand_where_their_nodes_put_them(tmp_path_factory, meshes, seed, kind):
    """Nodes within nodes, turned, moved and scaled, a mesh in several places."""
    scene, random = trimesh.Scene(), np.random.default_rng(seed)
    expected, above, parent = [], np.eye(4), None
    for i, (vertices, faces) in enumerate(meshes):
        place = trimesh.transformations.random_rotation_matrix(random.random(3))
        place[:3, :3] *= random.uniform(0.5, 2)
        place[:3, 3] = random.normal(size=3)
        written = trimesh.Trimesh(vertices, faces, process=False)
        scene.add_geometry(
            written, node_name=f"n{i}", geom_name=f"g{i}", parent_node_name=parent, transform=place
        )
        above, parent = above @ place, f"n{i}"
        expected.append(trimesh.transform_points(vertices, above)[faces])
    scene.graph.update(frame_to="again", geometry="g0", matrix=np.eye(4))
    expected.append(triangles_of(meshes[0]))
    path = tmp_path_factory.getbasetemp() / f"laws.{kind.replace('embedded', 'gltf')}"
    if kind == "glb":
        path.write_bytes(scene.export(file_type="glb"))
    else:
        for name, content in export_gltf(scene, embed_buffers=kind == "embedded").items():
            (path if name == "model.gltf" else path.with_name(name)).write_bytes(content)
    read = triangles_of(read_mesh(path))
    rows = [part.reshape(-1, 9) for part in (read, np.concatenate(expected))]
    assert rows[0].shape == rows[1].shape
    gaps = np.abs(rows[0][:, None] - rows[1][None]).max(2)
    assert gaps.min(0) == pytest.approx(0, abs=1e-4)
    assert gaps.min(1) == pytest.approx(0, abs=1e-4)
