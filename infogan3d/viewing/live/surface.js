// Logits of a grid -> a closed surface at 0 (surface nets, Gibson 1998), with its normals.
"use strict";

const OUTSIDE = -6;

// The logits with a rim of air, nowhere so near to 0 that points of a surface fall together.
function padded(logits, side) {
  const wide = side + 2;
  const field = new Float32Array(wide ** 3).fill(OUTSIDE);
  for (let x = 0; x < side; x++) {
    for (let y = 0; y < side; y++) {
      for (let z = 0; z < side; z++) {
        const value = logits[(x * side + y) * side + z];
        const size = Math.max(0.02, Math.min(6, Math.abs(value)));
        field[((x + 1) * wide + y + 1) * wide + z + 1] = value > 0 ? size : -size;
      }
    }
  }
  return field;
}

function surface(logits, side) {
  const wide = side + 2;
  const field = padded(logits, side);
  const steps = [wide * wide, wide, 1];
  const at = (x, y, z) => x * steps[0] + y * steps[1] + z;
  const vertexOf = new Int32Array(wide ** 3).fill(-1);
  const points = [];
  for (let x = 0; x + 1 < wide; x++) {
    for (let y = 0; y + 1 < wide; y++) {
      for (let z = 0; z + 1 < wide; z++) {
        let sum = [0, 0, 0];
        let crossings = 0;
        for (let axis = 0; axis < 3; axis++) {
          for (let corner = 0; corner < 4; corner++) {
            const low = [0, 0, 0];
            low[(axis + 1) % 3] = corner & 1;
            low[(axis + 2) % 3] = corner >> 1;
            const a = field[at(x + low[0], y + low[1], z + low[2])];
            const b = field[at(x + low[0], y + low[1], z + low[2]) + steps[axis]];
            if (a > 0 === b > 0) continue;
            low[axis] = a / (a - b);
            sum = sum.map((value, i) => value + low[i]);
            crossings++;
          }
        }
        if (!crossings) continue;
        vertexOf[at(x, y, z)] = points.length / 3;
        [x, y, z].forEach((cell, i) => {
          points.push((cell + sum[i] / crossings - 0.5) / side - 0.5);
        });
      }
    }
  }
  const faces = [];
  for (let x = 1; x + 1 < wide; x++) {
    for (let y = 1; y + 1 < wide; y++) {
      for (let z = 1; z + 1 < wide; z++) {
        const here = at(x, y, z);
        for (let axis = 0; axis < 3; axis++) {
          const a = field[here] > 0;
          const b = field[here + steps[axis]] > 0;
          if (a === b) continue;
          const [p, q] = [steps[(axis + 1) % 3], steps[(axis + 2) % 3]];
          const quad = [here - p - q, here - q, here, here - p].map((i) => vertexOf[i]);
          if (!a) quad.reverse();
          faces.push(quad[0], quad[1], quad[2], quad[0], quad[2], quad[3]);
        }
      }
    }
  }
  const positions = Float32Array.from(points);
  const triangles = Uint32Array.from(faces);
  return { positions, triangles, normals: vertexNormals(positions, triangles) };
}

// The same for files: closed wherever logits cross 0, each edge between two triangles (marching
// tetrahedra, six to a cube around its diagonal; Doi and Koide 1991).
function closedSurface(logits, side) {
  const wide = side + 2;
  const field = padded(logits, side);
  const steps = [wide * wide, wide, 1];
  const place = (i) => [Math.floor(i / steps[0]), Math.floor(i / wide) % wide, i % wide];
  const known = new Map();
  const points = [];
  const faces = [];
  const between = (i, j) => {
    const [low, high] = i < j ? [i, j] : [j, i];
    const key = low * wide ** 3 + high;
    if (!known.has(key)) {
      known.set(key, points.length / 3);
      const t = field[low] / (field[low] - field[high]);
      const [a, b] = [place(low), place(high)];
      a.forEach((from, k) => points.push((from + t * (b[k] - from) - 0.5) / side - 0.5));
    }
    return known.get(key);
  };
  // Outward: against the way from a corner outside to one inside.
  const face = (corners, inside, outside) => {
    const at = (k) => points.slice(3 * corners[k], 3 * corners[k] + 3);
    const [a, b, c] = [at(0), at(1), at(2)];
    const u = b.map((value, k) => value - a[k]);
    const v = c.map((value, k) => value - a[k]);
    const [p, q] = [place(inside), place(outside)];
    const way = q.map((value, k) => value - p[k]);
    const side3 = way[0] * (u[1] * v[2] - u[2] * v[1]) + way[1] * (u[2] * v[0] - u[0] * v[2]) +
      way[2] * (u[0] * v[1] - u[1] * v[0]);
    faces.push(...(side3 > 0 ? corners : [corners[0], corners[2], corners[1]]));
  };
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  for (let cell = 0; cell < wide ** 3; cell++) {
    if (place(cell).some((value) => value + 1 >= wide)) continue;
    for (const [first, second] of orders) {
      const middle = cell + steps[first];
      const tetrahedron = [cell, middle, middle + steps[second],
        cell + steps[0] + steps[1] + steps[2]];
      const inside = tetrahedron.filter((i) => field[i] > 0);
      const outside = tetrahedron.filter((i) => field[i] <= 0);
      const [p, q] = [inside[0], outside[0]];
      if (inside.length === 1) face(outside.map((i) => between(p, i)), p, q);
      if (inside.length === 3) face(inside.map((i) => between(q, i)), p, q);
      if (inside.length === 2) {
        const [r, s] = [inside[1], outside[1]];
        const ring = [between(p, q), between(p, s), between(r, s), between(r, q)];
        face([ring[0], ring[1], ring[2]], p, q);
        face([ring[0], ring[2], ring[3]], p, q);
      }
    }
  }
  const positions = Float32Array.from(points);
  const triangles = Uint32Array.from(faces);
  return { positions, triangles, normals: vertexNormals(positions, triangles) };
}

function vertexNormals(positions, triangles) {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const n = faceNormal(positions, triangles, t);
    for (let k = 0; k < 3; k++) {
      for (let i = 0; i < 3; i++) normals[3 * triangles[t + k] + i] += n[i];
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]) || 1;
    for (let k = 0; k < 3; k++) normals[i + k] /= length;
  }
  return normals;
}

function faceNormal(positions, triangles, t) {
  const corner = (k) => positions.subarray(3 * triangles[t + k], 3 * triangles[t + k] + 3);
  const [a, b, c] = [corner(0), corner(1), corner(2)];
  const u = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const v = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
}
