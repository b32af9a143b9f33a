// @ts-check
// The 3D view's side of WebGL2: textures, programs, and one frame. Knows nothing of the page.

import { project } from './camera.js';
import { CAST_FRAGMENT, CAST_VERTEX, LABELS, LINE_FRAGMENT, LINE_VERTEX } from './volume-shader.js';

/** @typedef {import('./camera.js').Vector} Vector */
/** @typedef {import('./camera.js').Camera} Camera */
/**
 * @typedef {object} Scene
 * @property {Camera} camera
 * @property {Vector} low first voxels that the cut leaves
 * @property {Vector} high
 * @property {number} cutAxis −1 for none
 * @property {number} cutSide sign of the rays that meet the plane from its open side
 * @property {number} shown a bit for each label
 * @property {number[][]} palette rgb of each label
 * @property {boolean} byField colours of the field in place of the palette
 * @property {number} standOut a bit for each label that keeps its colour nevertheless
 * @property {number[]} edge rgb of the outline
 * @property {number[]} accent rgb of the cut's outline
 */

/** Texture units and what they hold. */
const UNITS = /** @type {const} */ (['TEXTURE_3D', 'TEXTURE_3D', 'TEXTURE_2D']);
const [LABEL, FIELD, RAMP] = [0, 1, 2];

/** The four corners of a box's face. @param {Vector} low @param {Vector} high @param {number} axis @param {number} at */
function face(low, high, axis, at) {
  const [a, b] = [0, 1, 2].filter((other) => other !== axis);
  return [[low, low], [high, low], [high, high], [low, high]].map(([s, t]) => {
    const corner = /** @type {Vector} */ ([0, 0, 0]);
    [corner[axis], corner[a], corner[b]] = [at, s[a], t[b]];
    return corner;
  });
}

export class VolumeRenderer {
  #gl;
  #cast;
  #line;
  #buffer;
  #empty;
  /** @type {Vector} */
  #size = [0, 0, 0];

  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.#gl = gl;
    this.#cast = program(gl, CAST_VERTEX, CAST_FRAGMENT);
    this.#line = program(gl, LINE_VERTEX, LINE_FRAGMENT);
    this.#buffer = gl.createBuffer();
    this.#empty = gl.createVertexArray();
    for (const [unit, target] of UNITS.map((name) => gl[name]).entries()) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(target, gl.createTexture());
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, filter, gl.NEAREST);
    }
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** @param {Uint8Array} labels x fastest @param {Vector} size */
  load(labels, size) {
    this.#volume(LABEL, labels, size);
    // Until a field of this structure comes, no voxel has a value; the texture must be there all the same.
    this.#volume(FIELD, new Uint8Array(1), [1, 1, 1]);
    this.#size = size;
  }

  /** @param {Uint8Array} bytes as many as labels @param {Uint8Array} ramp red, green and blue of 256 colours */
  loadField(bytes, ramp) {
    const gl = this.#gl;
    this.#volume(FIELD, bytes, this.#size);
    gl.activeTexture(gl.TEXTURE0 + RAMP);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, ramp.length / 3, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, ramp);
  }

  /** @param {number} unit @param {Uint8Array} bytes @param {Vector} size */
  #volume(unit, bytes, size) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.R8UI, ...size, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, bytes);
  }

  /** @param {Scene} scene */
  draw(scene) {
    const gl = this.#gl;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    /** @type {Vector} */
    const origin = [0, 0, 0];
    const ends = [face(origin, this.#size, 2, 0), face(origin, this.#size, 2, this.#size[2])];
    const posts = [0, 1, 2, 3].flatMap((i) => [ends[0][i], ends[1][i]]);
    this.#outline(scene.camera, [...ends.flatMap(around), ...posts], [...scene.edge, 1]);
    this.#castRays(scene);
    if (scene.cutAxis >= 0) {
      const at = scene.cutSide > 0 ? scene.low[scene.cutAxis] : scene.high[scene.cutAxis];
      this.#outline(scene.camera, around(face(origin, this.#size, scene.cutAxis, at)), [...scene.accent, 1]);
    }
  }

  /** @param {Scene} scene */
  #castRays({ camera, low, high, cutAxis, cutSide, shown, palette, byField, standOut }) {
    const gl = this.#gl;
    gl.useProgram(this.#cast);
    gl.bindVertexArray(this.#empty);
    const at = (/** @type {string} */ name) => gl.getUniformLocation(this.#cast, name);
    for (const [name, vector] of Object.entries(camera)) gl.uniform3fv(at(name), vector);
    gl.uniform3iv(at('low'), low);
    gl.uniform3iv(at('high'), high);
    gl.uniform1i(at('cutAxis'), cutAxis);
    gl.uniform1i(at('cutSide'), cutSide);
    gl.uniform1ui(at('shown'), shown);
    gl.uniform1i(at('labels'), LABEL);
    gl.uniform1i(at('field'), FIELD);
    gl.uniform1i(at('ramp'), RAMP);
    gl.uniform1i(at('byField'), byField ? 1 : 0);
    gl.uniform1ui(at('standOut'), standOut);
    gl.uniform3fv(at('palette'), palette.slice(0, LABELS).flat().map((c) => c / 255));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Lines between pairs of points. @param {Camera} camera @param {Vector[]} points @param {number[]} ink */
  #outline(camera, points, ink) {
    const gl = this.#gl;
    const flat = points.map((point) => project(camera, point));
    if (flat.includes(null)) return;
    gl.useProgram(this.#line);
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(/** @type {number[][]} */ (flat).flat()), gl.STREAM_DRAW);
    const place = gl.getAttribLocation(this.#line, 'place');
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 0, 0);
    gl.uniform4f(gl.getUniformLocation(this.#line, 'ink'), ink[0] / 255, ink[1] / 255, ink[2] / 255, ink[3]);
    gl.drawArrays(gl.LINES, 0, points.length);
  }
}

/** The sides of a polygon as pairs of points. @param {Vector[]} corners */
const around = (corners) => corners.flatMap((corner, i) => [corner, corners[(i + 1) % corners.length]]);

/** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment */
function program(gl, vertex, fragment) {
  const made = /** @type {WebGLProgram} */ (gl.createProgram());
  for (const [kind, source] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  // A lost context links nothing, and is told of by an event.
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`A shader does not link: ${gl.getProgramInfoLog(made)}`);
  }
  return made;
}
