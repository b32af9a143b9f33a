// @ts-check
// The charts of all visible runs: which one, over what, read and zoomed by pointer and keys, saved, and as a table.

import { byId, element } from '../dom.js';
import { isDark } from '../theme.js';
import { fitCanvas, oneAFrame, watchSize } from './canvas.js';
import { save } from './files.js';

/** @typedef {import('../runs.js').Run} Run */
/** @typedef {{name: string, colour: string, line: boolean, dashed: boolean, mark: string | null, measured: boolean, opacity: number | null}} Entry */
/** @typedef {{name: string, text: string, series: number, pixel: [number, number]}} Reading */

/** @param {Run} run */
export const runLabel = (run) => `${run.title}, ${run.test}`;

/** A short line in the run's colour and style. @param {Run} run @param {string[]} colours */
export function runSwatch(run, colours) {
  const swatch = element('span', { class: run.dashed ? 'line dashed' : 'line' });
  swatch.style.color = colours[run.colour % colours.length];
  return swatch;
}

/** The charts there are: key, name, and what they are drawn of besides voltage curves. */
const KINDS = /** @type {const} */ ([
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

/** Shapes of marks as the charts draw them, on 12 x 12. @type {Record<string, string>} */
const MARKS = {
  dot: 'M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z',
  circle: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z',
  square: 'M2 2h8v8h-8z',
  diamond: 'M6 .8L11.2 6L6 11.2L.8 6z',
  up: 'M6 1L11 10H1z',
  down: 'M6 11L11 2H1z',
};
const SVG = 'http://www.w3.org/2000/svg';

/** What a series looks like, for the list of names. @param {Entry} entry */
function key({ colour, line, dashed, mark, opacity }) {
  const box = element('span', { class: 'key' });
  box.style.color = colour;
  if (opacity !== null) {
    const swatch = element('span', { class: 'filling' });
    swatch.style.opacity = String(opacity);
    box.append(swatch);
  } else if (line) box.append(element('span', { class: dashed ? 'line dashed' : 'line' }));
  if (mark) {
    const svg = document.createElementNS(SVG, 'svg');
    const path = document.createElementNS(SVG, 'path');
    for (const [name, value] of [['viewBox', '0 0 12 12'], ['width', '12'], ['height', '12'], ['aria-hidden', 'true']]) svg.setAttribute(name, value);
    path.setAttribute('d', MARKS[mark]);
    path.setAttribute('class', mark === 'dot' ? 'filled' : 'hollow');
    svg.append(path);
    box.append(svg);
  }
  return box;
}

/** The numbers of a run's last discharge; null while it goes on. @param {Run} run */
function ended({ state, summary }) {
  if (state !== 'finished' || !summary) return null;
  const { c_rate, discharge_capacity_mah_g: capacity, cathode_energy_wh_kg: energy } = summary;
  // Runs of earlier versions do not tell all of it.
  return [c_rate, capacity, energy].every((value) => typeof value === 'number') ? { c_rate, capacity, energy } : null;
}

export class Plots {
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
  /** @type {{left: number, top: number, width: number, height: number} | null} */
  #frame = null;
  /** The list of names as it stands. */
  #legend = '';
  /** Runs that had come to their end when the chart was drawn last. */
  #finished = 0;
  /** Where the pointer rests. @type {[number, number] | null} */
  #at = null;
  /** Where a drag began. @type {[number, number] | null} */
  #from = null;

  /** @param {typeof import('../pkg/catholyte.js')} module */
  constructor(module) {
    this.module = module;
    this.chart = new module.RunChart();
    this.redraw = oneAFrame(() => this.#draw());
    this.#buildKinds();
    watchSize(this.#canvas, this.redraw);
    this.#listen();
    this.#along.addEventListener('change', () => this.#change());
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
        });
        return element('label', { class: 'chip', 'data-kind': kind }, input, element('span', {}, name));
      }),
    );
  }

  /** Another chart or other runs: names, table and picture follow. */
  #change() {
    this.#offerFirstCycle();
    byId('along').hidden = !['voltage', 'losses'].includes(this.#kind);
    byId('paper').hidden = ['losses', 'dqdv', 'energy'].includes(this.#kind);
    this.#offerRuns();
    this.#set();
    byId('profile').setAttribute('aria-label', `Chart, ${this.chart.description()}`);
    this.#say(null);
    this.#drawLegend();
    this.#fillTable();
    this.redraw();
  }

  /** Nothing tells of a first cycle before a run had one. */
  #offerFirstCycle() {
    const cycled = this.#runs.some((run) => typeof run.summary?.first_cycle_efficiency === 'number');
    /** @type {HTMLElement} */ (byId('chart-kind').querySelector('[data-kind=efficiency]')).hidden = !cycled;
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

  #drawLegend() {
    /** @type {Entry[]} */
    const entries = this.chart.legend(isDark());
    const drawn = JSON.stringify(entries);
    if (drawn === this.#legend) return;
    this.#legend = drawn;
    byId('profile-legend').replaceChildren(...entries.map((entry) => element('li', {}, key(entry), entry.name)));
  }

  /** Hands the runs over as they are now. */
  #set() {
    const shown = this.#kind === 'losses' ? this.#ofOne() : this.#runs;
    const runs = shown.map((run) => ({
      label: runLabel(run),
      title: run.title,
      colour: run.colour,
      dashed: run.dashed,
      discharge: ended(run),
      recipe: run.recipe,
      first_cycle_efficiency: run.summary?.first_cycle_efficiency ?? null,
      curve: run.curve,
    }));
    this.chart.set(runs, { kind: this.#kind, along: this.#along.value, paper: this.#paper.checked });
  }

  #draw() {
    if (!fitCanvas(this.#canvas)) return;
    this.#set();
    this.#drawLegend();
    // A table that changed with every step of a run could not be read.
    const finished = this.#runs.filter((run) => run.state === 'finished').length;
    if (finished !== this.#finished) {
      this.#offerFirstCycle();
      this.#fillTable();
    }
    this.#finished = finished;
    const number = this.#mark ? this.#runs.indexOf(this.#mark.run) : -1;
    if (this.#mark && number >= 0 && this.#kind === 'voltage') {
      this.chart.point_at(number, this.#mark.instant.time_s);
    }
    this.#frame = this.chart.draw(this.#canvas, { pixel_ratio: window.devicePixelRatio || 1, dark: isDark() });
    // Curves grow and change under a pointer that rests.
    if (!this.#from) this.#read();
    const zoomed = this.chart.is_zoomed();
    // Focus must not fall away with the button it was on.
    if (!zoomed && document.activeElement === this.#reset) this.#canvas.focus();
    this.#reset.hidden = !zoomed;
  }

  /** @param {() => void} change of what part is shown */
  #zoomed(change) {
    change();
    this.#say(null);
    this.#fillTable();
    this.redraw();
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      this.#point(event);
      if (event.button !== 0 || !this.#inside(event)) return;
      this.#from = [event.offsetX, event.offsetY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => (this.#from ? this.#frameDrag(event) : this.#point(event)));
    canvas.addEventListener('pointerup', (event) => {
      const box = this.#dragged(event);
      this.#drop();
      if (box) this.#zoomed(() => this.chart.zoom(...box));
    });
    canvas.addEventListener('pointercancel', () => this.#drop());
    canvas.addEventListener('pointerleave', () => {
      this.#at = null;
      if (!this.#from) this.#say(null);
    });
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
    const frame = this.#frame;
    if (!frame) return false;
    const [x, y] = [offsetX - frame.left, offsetY - frame.top];
    return x >= 0 && x <= frame.width && y >= 0 && y <= frame.height;
  }

  /** What a drag frames so far: left, top, right, bottom; null for a click. @param {PointerEvent} event @returns {[number, number, number, number] | null} */
  #dragged({ offsetX, offsetY }) {
    const frame = this.#frame;
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
    this.#say(null);
  }

  #drop() {
    this.#from = null;
    byId('profile-drag').hidden = true;
  }

  /** @param {PointerEvent} event */
  #point({ offsetX, offsetY }) {
    this.#at = [offsetX, offsetY];
    this.#read();
  }

  /** Reads what lies nearest to the pointer. */
  #read() {
    this.#say((this.#at && this.chart.read(...this.#at)) ?? null);
  }

  /** @param {Reading | null} reading */
  #say(reading) {
    const [line, dot] = [byId('profile-reading'), byId('profile-dot')];
    line.classList.toggle('hint', reading === null);
    dot.hidden = reading === null;
    if (!reading) {
      line.textContent = this.#runs.length ? 'Point at the chart to read it; drag to zoom in.' : 'Press Run to draw the first curve.';
      return;
    }
    line.textContent = `${reading.name}: ${reading.text}`;
    dot.style.left = `${reading.pixel[0]}px`;
    dot.style.top = `${reading.pixel[1]}px`;
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
