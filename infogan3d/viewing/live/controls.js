// The sliders beside the chair: codes and seed -> chair; undo; files; the address as a link to it.
"use strict";

class Controls {
  constructor(data) {
    this.data = data;
    this.decoder = new Decoder(data);
    this.view = new View(document.getElementById("chair"));
    this.past = [];
    this.inputs = data.codes.map((code, i) => this.input(code, i));
    this.state = this.fromAddress() || this.another(1);
    const press = (name, action) => (document.getElementById(name).onclick = action);
    press("another", () => this.set(this.another(1 + Math.floor(Math.random() * 1e6))));
    press("other-z", () => this.set({ ...this.state, seed: 1 + Math.floor(Math.random() * 1e6) }));
    press("undo", () => this.past.length && this.set(this.past.pop(), false));
    const mesh = () => closedSurface(this.logits, this.side);
    press("glb", () => download(glb(mesh(), data.side, this.extras()), "chair.glb",
      "model/gltf-binary"));
    press("stl", () => download(stl(mesh(), data.side), "chair.stl", "model/stl"));
    addEventListener("hashchange", () => {
      const asked = this.fromAddress();
      if (asked && this.address(asked) !== this.address(this.state)) this.set(asked);
    });
    this.show();
  }

  // Codes of a training shape (what goes together), or, without a table, any.
  another(seed) {
    const { table, latent } = this.data;
    if (table.length) {
      const [discrete, continuous] = table[seed % table.length];
      return { seed, codes: [...discrete, ...continuous] };
    }
    const spread = normals(seed + 7, latent.discrete.length + latent.continuous);
    const codes = latent.discrete.map((size, i) => Math.floor(Math.abs(spread[i]) * 997) % size);
    for (let i = 0; i < latent.continuous; i++) {
      codes.push(Math.tanh(spread[latent.discrete.length + i]));
    }
    return { seed, codes };
  }

  input(code, index) {
    const row = document.createElement("label");
    row.innerHTML = "<span></span><output></output>";
    row.firstChild.textContent = code.name;
    const input = document.createElement(code.values ? "select" : "input");
    input.id = `code-${code.key}`;
    if (code.values) {
      code.seen.forEach((i) => input.add(new Option(code.values[i], i)));
    } else {
      Object.assign(input, { type: "range", min: -1, max: 1, step: 0.02 });
    }
    row.appendChild(input);
    document.getElementById("codes").appendChild(row);
    const keep = () => this.past.push({ ...this.state, codes: [...this.state.codes] });
    input.addEventListener("pointerdown", () => !code.values && keep());
    input.addEventListener("keydown", () => !code.values && keep());
    input.addEventListener("input", () => {
      if (code.values) keep();
      this.state.codes[index] = Number(input.value);
      this.soon();
    });
    return { code, input, output: row.querySelector("output") };
  }

  // What a number stands for: its share of the longest side, or degrees.
  words(code, value) {
    if (!code.levels) return code.values ? "" : value.toFixed(2);
    const place = ((value + 1) / 2) * (code.levels.length - 1);
    const low = Math.min(code.levels.length - 2, Math.floor(place));
    const between = code.levels[low] + (place - low) * (code.levels[low + 1] - code.levels[low]);
    if (code.unit === "degrees") return `${between.toFixed(0)}\u00b0`;
    return `${(between * this.data.longest * 100).toFixed(0)} cm`;
  }

  set(state, keep = true) {
    if (keep) this.past.push(this.state);
    this.state = { seed: state.seed, codes: [...state.codes] };
    this.show();
  }

  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.show();
    });
  }

  show() {
    const { seed, codes } = this.state;
    this.inputs.forEach(({ code, input, output }, i) => {
      input.value = codes[i];
      output.textContent = this.words(code, codes[i]);
    });
    const began = performance.now();
    this.latent = this.decoder.latent(seed, codes);
    [this.logits, this.side] = this.decoder.grid(this.latent);
    this.mesh = surface(this.logits, this.side);
    this.view.show(this.mesh);
    const spent = Math.round(performance.now() - began);
    document.getElementById("spent").textContent = this.mesh.triangles.length
      ? `chair ${seed}, made here in ${spent} ms`
      : "these codes give an empty shape: move one back, or press Undo";
    history.replaceState(null, "", this.address(this.state));
  }

  extras() {
    const { seed, codes } = this.state;
    return { seed, codes, latent: [...this.latent], model: this.data.model };
  }

  address({ seed, codes }) {
    const words = this.data.codes.map((code, i) =>
      `${code.key}=${code.values ? code.values[codes[i]].replaceAll(" ", "-") : codes[i].toFixed(2)}`);
    return `#seed=${seed}&${words.join("&")}`;
  }

  fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has("seed")) return null;
    const seed = Math.max(1, Math.floor(Number(asked.get("seed"))) || 1);
    const codes = this.data.codes.map((code) => {
      const text = asked.get(code.key) || "";
      if (code.values) {
        const i = code.values.findIndex((v) => v.replaceAll(" ", "-") === text);
        return code.seen.includes(i) ? i : code.seen[0];
      }
      return Math.max(-1, Math.min(1, Number(text) || 0));
    });
    return { seed, codes };
  }
}

addEventListener("DOMContentLoaded", () => {
  const data = JSON.parse(document.getElementById("generator").textContent);
  window.infogan3d = new Controls(data);
});
