// @ts-check
// One cross-section on its canvas: the picture, the place where the others cut it, and the voxel under the pointer.

import { isDark } from '../theme.js';
import { fitCanvas, oneAFrame, watchSize } from './canvas.js';
import { AXES, middle } from './cursor.js';

/** @typedef {import('../messages.js').Axis} Axis */
/** @typedef {import('../messages.js').Vector} Vector */

/**
 * What all three sections show.
 * @typedef {object} Shown
 * @property {import('../messages.js').Slices} slices
 * @property {import('./slices.js').View} view
 * @property {Vector} at
 * @property {Vector} size voxels along x, y and z
 * @property {import('../messages.js').Scale} scale
 * @property {string} colormap
 * @property {string} halide
 * @property {import('../messages.js').Starved[]} ringed
 * @property {import('../messages.js').Arrows | null} arrows
 */

/** A voxel that was pointed at. @typedef {{at: Vector, value: number, particle: number}} Voxel */

export class SlicePanel {
  /** @type {Shown | null} */
  #shown = null;
  /** @type {Axis} */
  #axis = 'y';
  /** @type {{left: number, top: number, width: number, height: number} | null} */
  #frame = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {boolean} bare only the picture, without axes
   * @param {(voxel: Voxel | null) => void} onRead
   * @param {(voxel: Voxel) => void} onPick
   */
  constructor(canvas, module, bare, onRead, onPick) {
    this.canvas = canvas;
    this.module = module;
    this.bare = bare;
    this.redraw = oneAFrame(() => this.#draw());
    watchSize(canvas, this.redraw);
    canvas.addEventListener('pointerdown', (event) => onRead(this.#voxel(event)));
    canvas.addEventListener('pointermove', (event) => {
      const voxel = this.#voxel(event);
      onRead(voxel);
      // A finger that moves scrolls the page.
      if (voxel && event.buttons === 1 && event.pointerType === 'mouse') onPick(voxel);
    });
    canvas.addEventListener('pointerleave', () => onRead(null));
    canvas.addEventListener('click', (event) => {
      const voxel = this.#voxel(event);
      if (voxel) onPick(voxel);
    });
  }

  /** @param {Shown} shown @param {Axis} axis */
  show(shown, axis) {
    this.#shown = shown;
    this.#axis = axis;
    this.redraw();
  }

  #draw() {
    const shown = this.#shown;
    if (!shown || !fitCanvas(this.canvas)) return;
    const { slices, view, at, size, scale, colormap, halide, ringed, arrows } = shown;
    const { data, rows, columns, voxel_um } = slices[this.#axis];
    this.#frame = this.module.draw_slice(this.canvas, data, rows, columns, {
      pixel_ratio: window.devicePixelRatio || 1,
      dark: isDark(),
      axis: this.#axis,
      bare: this.bare,
      voxel_um,
      size,
      at,
      field: view.key,
      label: view.bar,
      scale,
      colormap,
      halide,
      ringed,
      // A companion is too small for them.
      arrows: arrows && !this.bare ? { blocks: arrows[this.#axis], edge_um: arrows.edge_um, unit: arrows.unit } : undefined,
    });
    const place = `at ${this.#axis} = ${middle(at[AXES.indexOf(this.#axis)], voxel_um)} µm`;
    this.canvas.setAttribute('aria-label', this.bare ? `Companion ${place}: ${view.label}` : `${view.label}, cross-section ${place}`);
  }

  /** The voxel where the cuts meet. @returns {Voxel | null} */
  get here() {
    if (!this.#shown) return null;
    const [x, y, z] = this.#shown.at;
    const [row, column] = { x: [z, y], y: [z, x], z: [y, x] }[this.#axis];
    return this.#read(row, column);
  }

  /** @param {MouseEvent} event @returns {Voxel | null} */
  #voxel(event) {
    const [shown, frame] = [this.#shown, this.#frame];
    if (!shown || !frame) return null;
    const u = (event.offsetX - frame.left) / frame.width;
    const v = 1 - (event.offsetY - frame.top) / frame.height;
    if (u < 0 || u >= 1 || v < 0 || v >= 1) return null;
    const { rows, columns } = shown.slices[this.#axis];
    // Cuts along z lie on their side: their rows run to the right.
    const lying = this.#axis !== 'z';
    return this.#read(Math.floor((lying ? u : v) * rows), Math.floor((lying ? v : u) * columns));
  }

  /** @param {number} row @param {number} column @returns {Voxel} */
  #read(row, column) {
    const { slices, at: cut } = /** @type {Shown} */ (this.#shown);
    const { data, particle, columns } = slices[this.#axis];
    const [x, y, z] = cut;
    const at = /** @type {Record<Axis, Vector>} */ ({ x: [x, column, row], y: [column, y, row], z: [column, row, z] })[this.#axis];
    const place = row * columns + column;
    return { at, value: data[place], particle: particle[place] };
  }
}
