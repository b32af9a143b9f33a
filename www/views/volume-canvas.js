// @ts-check
// Finds somebody to draw on the canvas of the 3D view: a worker of its own, so that a slow graphics card, or none, holds up nobody; or
// this thread, where workers have no WebGL2.

import { Drawing, limitOf, webgl2 } from './volume-drawing.js';

/**
 * @typedef {object} Painter
 * @property {number} limit voxels along one axis that it can show
 * @property {(order: import('./volume-drawing.js').Order, transfer?: Transferable[]) => void} take
 */

/** @param {HTMLCanvasElement} canvas @returns {Promise<Painter | null>} null without WebGL2 */
export const painter = async (canvas) => (await inWorker(canvas)) ?? here(canvas);

/** @param {HTMLCanvasElement} canvas @returns {Promise<Painter | null>} */
async function inWorker(canvas) {
  if (!('transferControlToOffscreen' in canvas)) return null;
  const worker = new Worker(new URL('./volume-worker.js', import.meta.url), { type: 'module' });
  /** What it can show; a worker that cannot begin can show nothing. @type {number} */
  const limit = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(0);
    };
  });
  if (limit === 0) {
    worker.terminate();
    return null;
  }
  worker.onerror = null;
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ kind: 'canvas', canvas: offscreen }, [offscreen]);
  return { limit, take: (order, transfer = []) => worker.postMessage(order, transfer) };
}

/** @param {HTMLCanvasElement} canvas @returns {Painter | null} */
function here(canvas) {
  const gl = webgl2(canvas);
  if (!gl) return null;
  const drawing = new Drawing(canvas, gl);
  return { limit: limitOf(gl), take: (order) => drawing.take(order) };
}
