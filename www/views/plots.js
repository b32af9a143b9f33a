// @ts-check
// Voltage profiles of all runs, and what lies under the pointer.

import { byId, element } from '../dom.js';
import { isDark } from '../theme.js';
import { fitCanvas, oneAFrame, watchSize } from './canvas.js';

/**
 * One run: what it is called, how it is drawn, its curve and, at its end, its numbers.
 * @typedef {object} Run
 * @property {number} id
 * @property {string} title
 * @property {number} c_rate
 * @property {number} colour number in the row of curve colours
 * @property {boolean} dashed
 * @property {Float64Array} capacity
 * @property {Float64Array} voltage
 * @property {import('../messages.js').Summary | null} summary
 */

/** @param {Run} run */
export const runLabel = (run) => `${run.title}, ${run.c_rate}C`;

/** A short line in the run's colour and style. @param {Run} run @param {string[]} colours */
export function runSwatch(run, colours) {
  const swatch = element('span', { class: run.dashed ? 'line dashed' : 'line' });
  swatch.style.color = colours[run.colour % colours.length];
  return swatch;
}

export class Plots {
  #canvas = /** @type {HTMLCanvasElement} */ (byId('profile'));
  /** @type {Run[]} */
  #runs = [];
  /** @type {import('./slices.js').Frame | null} */
  #frame = null;

  /** @param {typeof import('../pkg/catholyte.js')} module */
  constructor(module) {
    this.module = module;
    this.redraw = oneAFrame(() => this.#draw());
    watchSize(this.#canvas, this.redraw);
    for (const kind of /** @type {const} */ (['pointermove', 'pointerdown'])) {
      this.#canvas.addEventListener(kind, (event) => this.#read(event));
    }
    this.#canvas.addEventListener('pointerleave', () => this.#say(null));
    this.redraw();
  }

  /** @param {Run[]} runs */
  show(runs) {
    this.#runs = runs;
    const colours = this.module.curve_colours(isDark());
    byId('profile-legend').replaceChildren(
      ...runs.map((run) => element('li', {}, runSwatch(run, colours), runLabel(run))),
    );
    this.#say(null);
    this.redraw();
  }

  #draw() {
    if (!fitCanvas(this.#canvas)) return;
    this.#frame = this.module.draw_profile(
      this.#canvas,
      this.#runs.map((run) => ({ ...run, label: runLabel(run) })),
      { pixel_ratio: window.devicePixelRatio || 1, dark: isDark() },
    );
  }

  /** Reads every curve at the capacity under the pointer. @param {PointerEvent} event */
  #read(event) {
    const frame = this.#frame;
    if (!frame) return;
    const share = (event.offsetX - frame.left) / frame.width;
    if (share < 0 || share > 1 || !this.#runs.length) return this.#say(null);
    const capacity = frame.x[0] + share * (frame.x[1] - frame.x[0]);
    const readings = this.#runs.flatMap((run) => {
      const voltage = interpolate(run.capacity, run.voltage, capacity);
      return voltage === null ? [] : [`${voltage.toFixed(3)} V (${runLabel(run)})`];
    });
    const cursor = byId('profile-cursor');
    cursor.hidden = false;
    cursor.style.left = `${event.offsetX}px`;
    cursor.style.top = `${frame.top}px`;
    cursor.style.height = `${frame.height}px`;
    this.#say(`${capacity.toFixed(1)} mAh/g: ${readings.join(', ') || 'no curve here'}`);
  }

  /** @param {string | null} text */
  #say(text) {
    const reading = byId('profile-reading');
    if (text === null) byId('profile-cursor').hidden = true;
    reading.textContent =
      text ?? (this.#runs.length ? 'Point at the chart to read the curves.' : 'Press Run to draw the first curve.');
    reading.classList.toggle('hint', text === null);
  }
}

/**
 * The value of `y` at `x = at` on the straight lines between points; null outside.
 * @param {Float64Array} x rising
 * @param {Float64Array} y
 * @param {number} at
 */
function interpolate(x, y, at) {
  const after = x.findIndex((value) => value >= at);
  if (after < 0 || at < x[0]) return null;
  if (after === 0) return y[0];
  const share = (at - x[after - 1]) / (x[after] - x[after - 1] || 1);
  return y[after - 1] + share * (y[after] - y[after - 1]);
}

/** One column after the other. @param {Float64Array} a @param {Float64Array} b */
export function join(a, b) {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
