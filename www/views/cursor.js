// @ts-check
// The one place that cross-sections and 3D view look at: a voxel, and the axis across which the main section cuts.

/** @typedef {import('../messages.js').Axis} Axis */
/** @typedef {import('../messages.js').Vector} Vector */

/** @type {Axis[]} */
export const AXES = ['x', 'y', 'z'];

/** The middle of a voxel [µm]: that of one finer than 1 µm has two decimals. @param {number} index @param {number} voxel_um */
export const middle = (index, voxel_um) => ((index + 0.5) * voxel_um).toFixed(voxel_um < 1 ? 2 : 1);

/** Tells of every move by the event `move`. */
export class Cursor extends EventTarget {
  /** Voxels along x, y and z; null before there is a structure. @type {Vector | null} */
  size = null;
  /** @type {Vector} */
  at = [0, 0, 0];
  /** @type {Axis} */
  axis = 'y';
  voxel_um = 1;
  /** A place that a link asks for [um], until somebody moves. @type {number[] | null} */
  #asked = null;

  /** Another grid: the place that was asked for, or the same relative one, the middle at first. @param {import('../messages.js').Grid} grid */
  setGrid({ size, voxel_um }) {
    const share = (/** @type {number} */ k) =>
      this.#asked ? this.#asked[k] / (size[k] * voxel_um) : this.size ? (this.at[k] + 0.5) / this.size[k] : 0.5;
    this.at = /** @type {Vector} */ (size.map((n, k) => Math.min(n - 1, Math.floor(share(k) * n))));
    this.size = size;
    this.voxel_um = voxel_um;
    this.#tell();
  }

  /** @param {Axis} axis */
  turn(axis) {
    this.axis = axis;
    this.#tell();
  }

  /** Goes to a voxel; what is left out stays. @param {(number | undefined)[]} to */
  move(to) {
    const { size } = this;
    if (!size) return;
    this.#asked = null;
    this.at = /** @type {Vector} */ (this.at.map((old, k) => Math.max(0, Math.min(size[k] - 1, to[k] ?? old))));
    this.#tell();
  }

  /** Goes to a place in micrometres. @param {Vector} place_um */
  goTo(place_um) {
    this.move(place_um.map((um) => Math.floor(um / this.voxel_um)));
  }

  /** Where the sections meet [um]; null in the middle. @returns {number[] | null} */
  get state() {
    const { size, at } = this;
    if (this.#asked || !size) return this.#asked;
    return at.every((i, k) => i === Math.floor(0.5 * size[k])) ? null : at.map((i) => Number(((i + 0.5) * this.voxel_um).toFixed(3)));
  }

  /** @param {Axis} axis @param {number[] | null} at_um null for the middle */
  restore(axis, at_um) {
    const { size, voxel_um } = this;
    this.axis = axis;
    this.#asked = at_um;
    if (!size) return;
    if (!at_um) this.size = null;
    this.setGrid({ size, voxel_um });
  }

  /** The cut of the main section. */
  get cut() {
    const k = AXES.indexOf(this.axis);
    return { axis: this.axis, index: this.at[k], last: (this.size?.[k] ?? 1) - 1 };
  }

  /** Where a cut is, in words. @param {Axis} [axis] */
  place(axis = this.axis) {
    return `${axis} = ${middle(this.at[AXES.indexOf(axis)], this.voxel_um)} µm`;
  }

  #tell() {
    this.dispatchEvent(new Event('move'));
  }
}
