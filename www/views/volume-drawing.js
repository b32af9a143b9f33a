// @ts-check
// Where the 3D view is drawn: a canvas and the newest of what belongs on it. Knows nothing of the page, and so works in a worker.

import { VolumeRenderer } from './volume-gl.js';

/**
 * What to draw: the labels of a structure's voxels, a field of them and its colours, and how they are seen.
 * @typedef {{kind: 'labels', labels: Uint8Array, size: import('./camera.js').Vector}
 *   | {kind: 'field', bytes: Uint8Array, ramp: Uint8Array}
 *   | {kind: 'scene', scene: import('./volume-gl.js').Scene, width: number, height: number}} Order
 */

/** What page and worker mean by a canvas. @typedef {EventTarget & {width: number, height: number, getContext: (kind: 'webgl2', settings: {}) => unknown}} Canvas */

/** @param {Canvas} canvas */
export const webgl2 = (canvas) => /** @type {WebGL2RenderingContext | null} */ (canvas.getContext('webgl2', { alpha: true, antialias: true, depth: false }));

/** Voxels along one axis that can be shown. @param {WebGL2RenderingContext} gl */
export const limitOf = (gl) => /** @type {number} */ (gl.getParameter(gl.MAX_3D_TEXTURE_SIZE));

export class Drawing {
  #canvas;
  /** Nothing while the context is lost. @type {VolumeRenderer | null} */
  #renderer;
  /** The newest order of each kind. @type {{[Kind in Order['kind']]?: Extract<Order, {kind: Kind}>}} */
  #orders = {};
  /** Is a frame on its way? */
  #asked = false;

  /** @param {Canvas} canvas @param {WebGL2RenderingContext} gl its own */
  constructor(canvas, gl) {
    this.#canvas = canvas;
    this.#renderer = new VolumeRenderer(gl);
    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      this.#renderer = null;
    });
    canvas.addEventListener('webglcontextrestored', () => {
      this.#renderer = new VolumeRenderer(gl);
      for (const order of [this.#orders.labels, this.#orders.field]) if (order) this.#upload(order);
      this.#draw();
    });
  }

  /** @param {Order} order */
  take(order) {
    if (order.kind === 'labels') delete this.#orders.field;
    Object.assign(this.#orders, { [order.kind]: order });
    if (order.kind !== 'scene') return this.#upload(order);
    // Scenes that come faster than they are drawn do not queue up.
    if (!this.#asked) requestAnimationFrame(() => this.#draw());
    this.#asked = true;
  }

  /** @param {Exclude<Order, {kind: 'scene'}>} order */
  #upload(order) {
    if (order.kind === 'labels') this.#renderer?.load(order.labels, order.size);
    else this.#renderer?.loadField(order.bytes, order.ramp);
  }

  #draw() {
    this.#asked = false;
    const canvas = this.#canvas;
    const { labels, scene: order } = this.#orders;
    if (!labels || !order) return;
    // Setting the size clears the canvas and costs time even when nothing changes.
    if (canvas.width !== order.width) canvas.width = order.width;
    if (canvas.height !== order.height) canvas.height = order.height;
    this.#renderer?.draw(order.scene);
  }
}
