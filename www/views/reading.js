// @ts-check
// The line under the cross-sections: the voxel under the pointer, or the one that keys have moved to.

import { byId } from '../dom.js';

/** @typedef {import('./slice-panel.js').Voxel} Voxel */

export class Reading {
  #line = byId('slice-reading');
  /** Do keys move along the picture? */
  #keyed = false;
  /** Is the pointer on a voxel? */
  #pointed = false;
  /** Has a key been pressed that nothing was said to yet? */
  #asked = false;

  /**
   * @param {import('./cursor.js').Cursor} cursor
   * @param {() => Voxel | null} here the voxel where the cuts meet
   * @param {(voxel: Voxel | null) => string} tell what a voxel is, or what there is to do
   */
  constructor(cursor, here, tell) {
    this.cursor = cursor;
    this.here = here;
    this.tell = tell;
    const figure = byId('slice-figure');
    figure.addEventListener('keydown', (event) => this.#steer(event));
    figure.addEventListener('blur', () => {
      this.#keyed = false;
      this.say(null);
    });
  }

  /** The pictures show something else. */
  follow() {
    if (!this.#pointed) this.say(null);
  }

  /** @param {Voxel | null} pointed */
  say(pointed) {
    this.#pointed = pointed !== null;
    const voxel = pointed ?? (this.#keyed ? this.here() : null);
    this.#line.classList.toggle('hint', voxel === null);
    const text = this.tell(voxel);
    if (this.#line.textContent === text) return;
    if (!this.#asked) this.#line.setAttribute('aria-live', 'off');
    this.#asked = false;
    this.#line.textContent = text;
  }

  /** Arrow keys move as the picture lies: to the right along z, if it does not cut across z. @param {KeyboardEvent} event */
  #steer(event) {
    const { axis, at } = this.cursor;
    const [across, up] = { x: [2, 1], y: [2, 0], z: [0, 1] }[axis];
    const step = { ArrowLeft: [across, -1], ArrowRight: [across, 1], ArrowDown: [up, -1], ArrowUp: [up, 1] }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    [this.#keyed, this.#pointed, this.#asked] = [true, false, true];
    // A screen reader hears what keys ask for, not each move of the pointer or step of a discharge.
    this.#line.setAttribute('aria-live', 'polite');
    this.cursor.move(at.map((old, k) => (k === step[0] ? old + step[1] : undefined)));
  }
}
