// The generator of the page: codes and noise -> latent vector -> logits of a grid.
// Weights are half-precision numbers, base64; layers say where theirs begin (generator_data.py).
"use strict";

function halves(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const words = new Uint16Array(bytes.buffer);
  const numbers = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const sign = words[i] & 0x8000 ? -1 : 1;
    const exponent = (words[i] >> 10) & 31;
    const fraction = words[i] & 1023;
    numbers[i] = exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
      : sign * 2 ** -14 * (fraction / 1024);
  }
  return numbers;
}

// Random numbers of a seed (mulberry32), normal by Box and Muller.
function normals(seed, count) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const drawn = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    drawn[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  return drawn;
}

class Decoder {
  constructor(data) {
    this.data = data;
    this.numbers = halves(data.weights);
  }

  // One transposed convolution: 1 cell -> 4^3 without a stride, else s^3 -> (2 s)^3, kernels of 4^3.
  spread(x, side, layer) {
    const { before, after } = layer;
    const first = side === 1;
    const wide = first ? 4 : 2 * side;
    const out = new Float32Array(wide ** 3 * after);
    const bias = this.numbers.subarray(layer.bias, layer.bias + after);
    for (let i = 0; i < out.length; i += after) out.set(bias, i);
    const w = this.numbers;
    for (let cell = 0; cell < side ** 3; cell++) {
      const cx = Math.floor(cell / (side * side));
      const cy = Math.floor(cell / side) % side;
      const cz = cell % side;
      for (let kx = 0; kx < 4; kx++) {
        const ox = first ? kx : 2 * cx - 1 + kx;
        if (ox < 0 || ox >= wide) continue;
        for (let ky = 0; ky < 4; ky++) {
          const oy = first ? ky : 2 * cy - 1 + ky;
          if (oy < 0 || oy >= wide) continue;
          for (let kz = 0; kz < 4; kz++) {
            const oz = first ? kz : 2 * cz - 1 + kz;
            if (oz < 0 || oz >= wide) continue;
            const to = ((ox * wide + oy) * wide + oz) * after;
            const from = layer.weight + ((kx * 4 + ky) * 4 + kz) * before * after;
            for (let c = 0; c < before; c++) {
              const value = x[cell * before + c];
              if (value === 0) continue;
              const row = from + c * after;
              for (let k = 0; k < after; k++) out[to + k] += value * w[row + k];
            }
          }
        }
      }
    }
    if (layer.relu) for (let i = 0; i < out.length; i++) if (out[i] < 0) out[i] = 0;
    return [out, wide];
  }

  // Logits of occupancy, x slowest, z (up) fastest; and the grid's side.
  grid(latent) {
    let x = latent;
    let side = 1;
    for (const layer of this.data.layers) [x, side] = this.spread(x, side, layer);
    return [x, side];
  }

  dense(x, layer, silu) {
    const out = this.numbers.slice(layer.bias, layer.bias + layer.after);
    for (let i = 0; i < layer.before; i++) {
      const row = layer.weight + i * layer.after;
      for (let k = 0; k < layer.after; k++) out[k] += x[i] * this.numbers[row + k];
    }
    if (silu) for (let k = 0; k < out.length; k++) out[k] /= 1 + Math.exp(-out[k]);
    return out;
  }

  flow(x, time, codes) {
    const prior = this.data.prior;
    const angles = [];
    for (let i = 1; i <= prior.periods; i++) angles.push(Math.PI * i * time);
    let y = Float32Array.from([...x, ...codes, ...angles.map(Math.sin), ...angles.map(Math.cos)]);
    prior.layers.forEach((layer, i) => {
      y = this.dense(y, layer, i + 1 < prior.layers.length);
    });
    return y;
  }

  velocity(x, time, codes) {
    const known = this.flow(x, time, codes);
    const more = this.data.prior.guidance;
    if (more === 1) return known;
    const unknown = this.flow(x, time, codes.map(() => 0));
    return known.map((value, i) => unknown[i] + more * (value - unknown[i]));
  }

  // One-hot choices, then numbers: the codes as a latent vector holds them.
  known(codes) {
    const { discrete, continuous } = this.data.latent;
    const row = [];
    discrete.forEach((size, i) => {
      for (let value = 0; value < size; value++) row.push(codes[i] === value ? 1 : 0);
    });
    for (let i = 0; i < continuous; i++) row.push(codes[discrete.length + i]);
    return row;
  }

  // Noise is carried along the learned prior's flow to z (Heun's rule), where there is one.
  latent(seed, codes) {
    const known = this.known(codes);
    const prior = this.data.prior;
    let x = normals(seed, this.data.latent.noise);
    if (prior) {
      const step = 1 / prior.steps;
      for (let i = 0; i < prior.steps; i++) {
        const time = i * step;
        const a = this.velocity(x, time, known);
        const ahead = x.map((value, k) => value + step * a[k]);
        const b = this.velocity(ahead, time + step, known);
        x = x.map((value, k) => value + (step * (a[k] + b[k])) / 2);
      }
      const { mean, spread } = prior;
      x = x.map((value, k) => value * this.numbers[spread + k] + this.numbers[mean + k]);
    }
    return Float32Array.from([...x, ...known]);
  }
}
