// A mesh as a file: GLB (metres, Y up) and binary STL (millimetres, Z up).
"use strict";

function download(parts, name, kind) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// `side`: the cube's in metres; `extras`: what the file says of how the shape was made.
function glb(mesh, side, extras) {
  const yUp = (values, scale) => {
    const turned = new Float32Array(values.length);
    for (let i = 0; i < values.length; i += 3) {
      turned[i] = values[i] * scale;
      turned[i + 1] = values[i + 2] * scale;
      turned[i + 2] = -values[i + 1] * scale;
    }
    return turned;
  };
  const positions = yUp(mesh.positions, side);
  const normals = yUp(mesh.normals, 1);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, i) => {
    low[i % 3] = Math.min(low[i % 3], value);
    high[i % 3] = Math.max(high[i % 3], value);
  });
  const views = [];
  let length = 0;
  for (const [array, target] of [[positions, 34962], [normals, 34962], [mesh.triangles, 34963]]) {
    views.push({ buffer: 0, byteOffset: length, byteLength: array.byteLength, target });
    length += array.byteLength;
  }
  const vertices = positions.length / 3;
  const json = {
    asset: { version: "2.0", generator: "infogan3d", extras },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name: "chair" }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 1 }, indices: 2, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: {
      baseColorFactor: [0.57, 0.32, 0.15, 1], metallicFactor: 0, roughnessFactor: 0.8 } }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: vertices, type: "VEC3", min: low, max: high },
      { bufferView: 1, componentType: 5126, count: vertices, type: "VEC3" },
      { bufferView: 2, componentType: 5125, count: mesh.triangles.length, type: "SCALAR" },
    ],
    bufferViews: views,
    buffers: [{ byteLength: length }],
  };
  let text = new TextEncoder().encode(JSON.stringify(json));
  const padding = new Uint8Array((4 - (text.length % 4)) % 4).fill(32);
  const size = text.length + padding.length;
  const head = new Uint32Array([0x46546c67, 2, 12 + 8 + size + 8 + length, size, 0x4e4f534a]);
  const middle = new Uint32Array([length, 0x004e4942]);
  return [head, text, padding, middle, positions, normals, mesh.triangles];
}

function stl(mesh, side) {
  const count = mesh.triangles.length / 3;
  const data = new DataView(new ArrayBuffer(84 + 50 * count));
  data.setUint32(80, count, true);
  for (let t = 0; t < count; t++) {
    const normal = faceNormal(mesh.positions, mesh.triangles, 3 * t);
    const length = Math.hypot(...normal) || 1;
    const numbers = normal.map((value) => value / length);
    for (let k = 0; k < 3; k++) {
      for (let i = 0; i < 3; i++) {
        numbers.push(mesh.positions[3 * mesh.triangles[3 * t + k] + i] * side * 1000);
      }
    }
    numbers.forEach((value, i) => data.setFloat32(84 + 50 * t + 4 * i, value, true));
  }
  return [data.buffer];
}
