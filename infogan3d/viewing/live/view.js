// A chair in WebGL: drag to turn it; until then it turns by itself.
"use strict";

const VERTEX = `attribute vec3 position; attribute vec3 normal; uniform mat4 scene; uniform mat3 turn;
varying vec3 n; void main() { n = turn * normal; gl_Position = scene * vec4(position, 1.0); }`;
const FRAGMENT = `precision mediump float; varying vec3 n; uniform vec3 colour;
void main() { vec3 m = normalize(n);
  float key = max(dot(m, normalize(vec3(-0.5, 0.7, 0.8))), 0.0);
  float fill = max(dot(m, normalize(vec3(0.8, 0.2, 0.3))), 0.0);
  gl_FragColor = vec4(colour * (0.42 + 0.55 * key + 0.18 * fill), 1.0); }`;

class View {
  constructor(canvas) {
    this.canvas = canvas;
    const options = { antialias: true, preserveDrawingBuffer: true };
    const gl = (this.gl = canvas.getContext("webgl", options));
    if (!gl) throw new Error("this browser shows no WebGL: the chair cannot be drawn");
    gl.getExtension("OES_element_index_uint");
    const program = (this.program = gl.createProgram());
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(0.965, 0.957, 0.945, 1);
    this.buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    this.count = 0;
    this.azimuth = -0.6;
    this.elevation = 0.35;
    this.turning = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      this.turning = false;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      this.azimuth -= (event.clientX - last[0]) / 120;
      this.elevation += (event.clientY - last[1]) / 160;
      this.elevation = Math.max(-1.5, Math.min(1.5, this.elevation));
      last = [event.clientX, event.clientY];
      this.draw();
    });
    canvas.addEventListener("pointerup", () => (last = null));
    const tick = () => {
      if (this.turning) {
        this.azimuth += 0.006;
        this.draw();
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  show(mesh) {
    const gl = this.gl;
    [["position", mesh.positions], ["normal", mesh.normals]].forEach(([name, values], i) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[i]);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
      const place = gl.getAttribLocation(this.program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[2]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.DYNAMIC_DRAW);
    this.count = mesh.triangles.length;
    this.draw();
  }

  draw() {
    const gl = this.gl;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [this.canvas.clientWidth * ratio, this.canvas.clientHeight * ratio];
    if (this.canvas.width !== Math.round(width) || this.canvas.height !== Math.round(height)) {
      this.canvas.width = Math.round(width);
      this.canvas.height = Math.round(height);
    }
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const [s, c] = [Math.sin(this.azimuth), Math.cos(this.azimuth)];
    const [t, d] = [Math.sin(this.elevation), Math.cos(this.elevation)];
    // World x lateral, y depth (the back at +y), z up; the camera looks from -y, x to the right.
    const right = [c, s, 0];
    const up = [-t * s, t * c, d];
    const toward = [d * s, -d * c, t];
    const turn = [right, up, toward];
    const distance = 2.6;
    const zoom = 3.4;
    const aspect = width / Math.max(1, height);
    const scene = [];
    for (let column = 0; column < 4; column++) {
      const point = column < 3 ? turn.map((row) => row[column]) : [0, 0, -distance];
      const depth = -point[2];
      scene.push((zoom / aspect) * point[0], zoom * point[1]);
      scene.push(column < 3 ? 1.22 * depth : 1.22 * depth - 2.2, depth);
    }
    gl.uniformMatrix4fv(gl.getUniformLocation(this.program, "scene"), false, scene);
    const flat = [0, 1, 2].flatMap((column) => turn.map((row) => row[column]));
    gl.uniformMatrix3fv(gl.getUniformLocation(this.program, "turn"), false, flat);
    gl.uniform3f(gl.getUniformLocation(this.program, "colour"), 0.78, 0.6, 0.42);
    if (this.count) gl.drawElements(gl.TRIANGLES, this.count, gl.UNSIGNED_INT, 0);
  }
}
