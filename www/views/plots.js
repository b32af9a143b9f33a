// @ts-check
// The charts of all visible runs: which one, over what, read and zoomed by pointer and keys, saved, and as a table.

import { byId, element } from '../dom.js';
import { Chart, runLabel } from './chart.js';
import { save } from './files.js';

/** @typedef {import('../runs.js').Run} Run */

/** The charts there are: key and name. */
export const KINDS = /** @type {const} */ ([
  ['voltage', 'Voltage'],
  ['losses', 'Losses'],
  ['dqdv', 'dQ/dV'],
  ['rate', 'Rate'],
  ['energy', 'Energy'],
  ['efficiency', 'First cycle'],
]);
/** A drag shorter than this is a click [px]; one that is flatter takes the whole height, one that is narrower the whole width. */
const DRAG = 8;
/** Size of a figure that is saved [px], and its pixels per px. */
const FIGURE = { width: 800, height: 540, ratio: 3 };

/** Tells by the event `change` that another chart was chosen. */
export class Plots extends EventTarget {
  #canvas = /** @type {HTMLCanvasElement} */ (byId('profile'));
  #along = /** @type {HTMLSelectElement} */ (byId('chart-along'));
  #run = /** @type {HTMLSelectElement} */ (byId('chart-run'));
  #paper = /** @type {HTMLInputElement} */ (byId('chart-paper'));
  #reset = /** @type {HTMLButtonElement} */ (byId('chart-reset'));
  #table = /** @type {HTMLDetailsElement} */ (byId('chart-table'));
  #kind = 'voltage';
  /** The run whose losses were asked for; none is the newest. @type {Run | null} */
  #chosen = null;
  /** @type {Run[]} */
  #runs = [];
  /** Where the fields that are looked at belong. @type {{run: Run, instant: import('../messages.js').Instant} | null} */
  #mark = null;
  /** Runs that had come to their end when the chart was drawn last. */
  #finished = 0;
  /** Where a drag began. @type {[number, number] | null} */
  #from = null;

  /** @param {typeof import('../pkg/catholyte.js')} module */
  constructor(module) {
    super();
    const parts = { canvas: this.#canvas, names: byId('profile-legend'), reading: byId('profile-reading'), dot: byId('profile-dot') };
    const hint = () => {
      if (this.#lacksCycle) return 'No visible run has a first cycle: it begins with a charge.';
      return this.#runs.length ? 'Point at the chart to read it; drag to zoom in.' : 'Press Run to draw the first curve.';
    };
    this.view = new Chart(module, parts, { hint, prepare: () => this.#prepare() });
    this.chart = this.view.chart;
    this.redraw = this.view.redraw;
    this.#buildKinds();
    this.#listen();
    this.#along.addEventListener('change', () => {
      this.#change();
      this.dispatchEvent(new Event('change'));
    });
    this.#run.addEventListener('change', () => {
      this.#chosen = this.#runs.find(({ id }) => String(id) === this.#run.value) ?? null;
      this.#change();
    });
    this.#paper.addEventListener('change', () => this.#change());
    this.#reset.addEventListener('click', () => this.#zoomed(() => this.chart.reset()));
    this.#table.addEventListener('toggle', () => this.#fillTable());
    for (const format of /** @type {const} */ (['svg', 'png', 'csv'])) {
      byId(`chart-${format}`).addEventListener('click', () => void this.#save(format));
    }
    this.#change();
  }

  /** @param {Run[]} runs */
  show(runs) {
    this.#runs = runs;
    this.#change();
  }

  /** Marks the instant of a run whose fields are looked at. @param {Run | null} run @param {import('../messages.js').Instant | null} instant */
  point(run, instant) {
    this.#mark = run && instant ? { run, instant } : null;
    this.redraw();
  }

  #buildKinds() {
    byId('chart-kind').append(
      ...KINDS.map(([kind, name]) => {
        const input = element('input', { type: 'radio', name: 'chart-kind', value: kind });
        input.checked = kind === this.#kind;
        input.addEventListener('change', () => {
          this.#kind = kind;
          this.#change();
          this.dispatchEvent(new Event('change'));
        });
        return element('label', { class: 'chip' }, input, element('span', {}, name));
      }),
    );
  }

  /** What there is to draw over. */
  get overs() {
    return [...this.#along.options].map(({ value }) => value);
  }

  /** What a link keeps of the charts. @returns {Pick<import('../link.js').View, 'chart' | 'over'>} */
  get state() {
    return { chart: this.#kind, over: this.#along.value };
  }

  /** @param {import('../link.js').View} view */
  restore({ chart, over }) {
    this.#kind = chart;
    this.#along.value = over;
    /** @type {HTMLInputElement} */ (byId('chart-kind').querySelector(`[value=${chart}]`)).checked = true;
    this.#change();
  }

  /** Another chart or other runs: names, table and picture follow. */
  #change() {
    byId('first-cycle').hidden = !this.#lacksCycle;
    byId('along').hidden = !['voltage', 'losses'].includes(this.#kind);
    byId('paper').hidden = ['losses', 'dqdv', 'energy'].includes(this.#kind);
    this.#offerRuns();
    this.#set();
    this.view.say(null);
    this.#fillTable();
    this.redraw();
  }

  /** Is a first cycle to be shown, and none there? */
  get #lacksCycle() {
    return this.#kind === 'efficiency' && !this.#runs.some((run) => typeof run.summary?.first_cycle_efficiency === 'number');
  }

  /** Losses are those of one run. */
  #offerRuns() {
    byId('of-run').hidden = this.#kind !== 'losses' || this.#runs.length === 0;
    this.#run.replaceChildren(...this.#runs.map((run) => element('option', { value: run.id }, runLabel(run))));
    const [one] = this.#ofOne();
    if (one) this.#run.value = String(one.id);
  }

  #ofOne() {
    return this.#chosen && this.#runs.includes(this.#chosen) ? [this.#chosen] : this.#runs.slice(-1);
  }

  /** Hands the runs over as they are now. */
  #set() {
    const shown = this.#kind === 'losses' ? this.#ofOne() : this.#runs;
    this.view.set(shown, { kind: this.#kind, along: this.#along.value, paper: this.#paper.checked ? 'all' : 'none' });
  }

  #prepare() {
    this.#set();
    // A table that changed with every step of a run could not be read.
    const finished = this.#runs.filter((run) => run.state === 'finished').length;
    if (finished !== this.#finished) {
      byId('first-cycle').hidden = !this.#lacksCycle;
      this.#fillTable();
    }
    this.#finished = finished;
    const number = this.#mark ? this.#runs.indexOf(this.#mark.run) : -1;
    if (this.#mark && number >= 0 && this.#kind === 'voltage') {
      this.chart.point_at(number, this.#mark.instant.time_s);
    }
    const zoomed = this.chart.is_zoomed();
    // Focus must not fall away with the button it was on.
    if (!zoomed && document.activeElement === this.#reset) this.#canvas.focus();
    this.#reset.hidden = !zoomed;
  }

  /** @param {() => void} change of what part is shown */
  #zoomed(change) {
    change();
    this.view.say(null);
    this.#fillTable();
    this.redraw();
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !this.#inside(event)) return;
      this.#from = [event.offsetX, event.offsetY];
      this.view.held = true;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => this.#from && this.#frameDrag(event));
    canvas.addEventListener('pointerup', (event) => {
      const box = this.#dragged(event);
      this.#drop();
      if (box) this.#zoomed(() => this.chart.zoom(...box));
    });
    canvas.addEventListener('pointercancel', () => this.#drop());
    canvas.addEventListener('dblclick', () => this.#zoomed(() => this.chart.reset()));
    canvas.addEventListener('keydown', (event) => {
      const move = /** @type {Record<string, [number, number, number]>} */ ({
        '+': [1.5, 0, 0],
        '=': [1.5, 0, 0],
        '-': [1 / 1.5, 0, 0],
        ArrowLeft: [1, -0.2, 0],
        ArrowRight: [1, 0.2, 0],
        ArrowUp: [1, 0, 0.2],
        ArrowDown: [1, 0, -0.2],
      })[event.key];
      const reset = event.key === 'Escape' || event.key === '0';
      if ((!move && !reset) || event.ctrlKey || event.metaKey || event.altKey) return;
      // Arrows scroll the page while the whole chart is shown.
      if (move?.[0] === 1 && !this.chart.is_zoomed()) return;
      event.preventDefault();
      this.#drop();
      this.#zoomed(() => (move ? this.chart.magnify(...move) : this.chart.reset()));
    });
  }

  /** @param {PointerEvent} event */
  #inside({ offsetX, offsetY }) {
    const { frame } = this.view;
    if (!frame) return false;
    const [x, y] = [offsetX - frame.left, offsetY - frame.top];
    return x >= 0 && x <= frame.width && y >= 0 && y <= frame.height;
  }

  /** What a drag frames so far: left, top, right, bottom; null for a click. @param {PointerEvent} event @returns {[number, number, number, number] | null} */
  #dragged({ offsetX, offsetY }) {
    const { frame } = this.view;
    if (!this.#from || !frame) return null;
    const span = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ low, /** @type {number} */ size) => {
      const [from, to] = [Math.max(low, Math.min(a, b)), Math.min(low + size, Math.max(a, b))];
      return to - from < DRAG ? null : [from, to];
    };
    const across = span(this.#from[0], offsetX, frame.left, frame.width);
    const up = span(this.#from[1], offsetY, frame.top, frame.height);
    if (!across && !up) return null;
    const [left, right] = across ?? [frame.left, frame.left + frame.width];
    const [top, bottom] = up ?? [frame.top, frame.top + frame.height];
    return [left, top, right, bottom];
  }

  /** @param {PointerEvent} event */
  #frameDrag(event) {
    const box = this.#dragged(event);
    const shade = byId('profile-drag');
    shade.hidden = !box;
    if (!box) return;
    const [left, top, right, bottom] = box;
    Object.assign(shade.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    this.view.say(null);
  }

  #drop() {
    this.#from = null;
    this.view.held = false;
    byId('profile-drag').hidden = true;
  }

  #fillTable() {
    // Rows that nobody sees are not made.
    if (!this.#table.open) return;
    const { columns, rows } = this.chart.table();
    const head = element('tr', {}, ...columns.map((/** @type {string} */ name) => element('th', { scope: 'col' }, name)));
    const body = rows.map((/** @type {[string, ...string[]]} */ [name, ...values]) =>
      element('tr', {}, element('th', { scope: 'row' }, name), ...values.map((/** @type {string} */ value) => element('td', {}, value))),
    );
    byId('chart-rows').replaceChildren(element('caption', { class: 'visually-hidden' }, this.chart.description()), element('thead', {}, head), element('tbody', {}, ...body));
    byId('chart-empty').hidden = rows.length > 0;
  }

  /** @param {'svg' | 'png' | 'csv'} format */
  async #save(format) {
    this.#set();
    const { width, height, ratio } = FIGURE;
    /** @type {Blob | null} */
    let blob;
    if (format === 'png') {
      const canvas = element('canvas', { width: width * ratio, height: height * ratio });
      this.chart.draw_figure(canvas, ratio);
      blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      if (!blob) throw new Error('The browser makes no picture of the chart.');
    } else if (format === 'svg') blob = new Blob([this.chart.svg(width, height)], { type: 'image/svg+xml' });
    else blob = new Blob([this.chart.csv()], { type: 'text/csv' });
    save(blob, `${this.#kind}.${format}`);
  }
}
