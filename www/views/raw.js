// @ts-check
// Shape and type of a file without a header, guessed first.

import { byId } from '../dom.js';

/** @typedef {import('../messages.js').RawLayout} RawLayout */

export class RawFields {
  #box = byId('import-raw');
  #size = ['raw-x', 'raw-y', 'raw-z'].map((id) => /** @type {HTMLInputElement} */ (byId(id)));
  #type = /** @type {HTMLSelectElement} */ (byId('raw-type'));

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#box.addEventListener('input', onChange);
  }

  /** Is about this file from now on; shows nothing if it has a header. @param {File} file */
  ask(file) {
    this.#box.hidden = !/\.(raw|bin|dat|vol)$/i.test(file.name);
    const { size, type } = guess(file);
    this.#size.forEach((input, axis) => (input.value = String(size[axis])));
    this.#type.value = type;
  }

  /** What the fields say; null for a file that has a header. @returns {RawLayout | null} */
  layout() {
    if (this.#box.hidden) return null;
    const [x, y, z] = this.#size.map((input) => input.valueAsNumber);
    return { size: [x, y, z], type: /** @type {RawLayout['type']} */ (this.#type.value) };
  }
}

/**
 * Three numbers in the name that fit (`sample_100x100x200.raw`), else a cube, else twice as long as wide; 8 bit before 16.
 * @param {{name: string, size: number}} file
 * @returns {RawLayout}
 */
function guess({ name, size }) {
  const edge = (/** @type {number} */ voxels) => Math.max(1, Math.round(Math.cbrt(voxels)));
  const [, ...named] = /(\d+)[x×_-](\d+)[x×_-](\d+)/i.exec(name) ?? [];
  const [x, y, z] = named.map(Number);
  for (const [type, bytes] of /** @type {[RawLayout['type'], number][]} */ ([['u8', 1], ['u16', 2]])) {
    const voxels = size / bytes;
    if (x * y * z === voxels) return { size: [x, y, z], type };
    const [n, half] = [edge(voxels), edge(voxels / 2)];
    if (n ** 3 === voxels) return { size: [n, n, n], type };
    if (2 * half ** 3 === voxels) return { size: [half, half, 2 * half], type };
  }
  const n = edge(size);
  return { size: [n, n, n], type: 'u8' };
}
