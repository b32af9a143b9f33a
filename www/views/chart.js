// @ts-check
// A chart of runs on its canvas: as sharp as the screen, read by the pointer, its series named beneath.

import { element } from '../dom.js';
import { isDark } from '../theme.js';
import { fitCanvas, oneAFrame, watchSize } from './canvas.js';

/** @typedef {import('../runs.js').Run} Run */
/** @typedef {{name: string, colour: string, line: boolean, dashed: boolean, mark: string | null, measured: boolean, opacity: number | null}} Entry */
/** @typedef {{name: string, text: string, series: number, pixel: [number, number]}} Reading */
/** Where the axes are [CSS px]. @typedef {{left: number, top: number, width: number, height: number}} Frame */

/**
 * What a chart is of; `paper` says whose measured values are drawn as marks.
 * @typedef {{kind: string, along: string, paper: 'none' | 'all' | {of: string[]}}} Shown
 */

/** @param {Run} run */
export const runLabel = (run) => `${run.title}, ${run.test}`;

/** A short line in the run's colour and style. @param {Run} run @param {string[]} colours */
export function runSwatch(run, colours) {
  const swatch = element('span', { class: run.dashed ? 'line dashed' : 'line' });
  swatch.style.color = colours[run.colour % colours.length];
  return swatch;
}

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

/** Rate and capacity of each discharge of several steps that was not cut short. @param {Run} run @returns {[number, number][]} */
function rates({ state, summary }) {
  if (state !== 'finished') return [];
  return (summary?.steps ?? []).flatMap(({ drive, capacity_mah_g, stop_reason }) =>
    'c_rate' in drive && drive.c_rate > 0 && stop_reason !== 'time_elapsed' ? [[drive.c_rate, capacity_mah_g]] : [],
  );
}

export class Chart {
  /** A drag has the pointer: nothing is read. */
  held = false;
  /** @type {Frame | null} */
  frame = null;
  /** Where the pointer rests. @type {[number, number] | null} */
  #at = null;
  /** The list of names as it stands. */
  #named = '';

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {{canvas: HTMLCanvasElement, names: HTMLElement, reading: HTMLElement, dot: HTMLElement}} parts
   * @param {{hint: () => string, prepare?: () => void}} hooks `prepare` comes before each drawing
   */
  constructor(module, parts, hooks) {
    this.chart = new module.RunChart();
    this.parts = parts;
    this.hooks = hooks;
    this.redraw = oneAFrame(() => this.#draw());
    const { canvas } = parts;
    watchSize(canvas, this.redraw);
    for (const kind of /** @type {const} */ (['pointerdown', 'pointermove'])) {
      canvas.addEventListener(kind, ({ offsetX, offsetY }) => {
        this.#at = [offsetX, offsetY];
        this.read();
      });
    }
    canvas.addEventListener('pointerleave', () => {
      this.#at = null;
      this.read();
    });
  }

  /** @param {Run[]} runs @param {Shown} shown */
  set(runs, shown) {
    const all = runs.map((run) => ({
      label: runLabel(run),
      title: run.title,
      colour: run.colour,
      dashed: run.dashed,
      discharge: ended(run),
      rates: rates(run),
      recipe: run.recipe,
      first_cycle_efficiency: run.summary?.first_cycle_efficiency ?? null,
      curve: run.curve,
    }));
    this.chart.set(all, shown);
    this.parts.canvas.setAttribute('aria-label', `Chart, ${this.chart.description()}`);
    this.#name();
  }

  /** Reads what lies nearest to the pointer. */
  read() {
    if (!this.held) this.say((this.#at && this.chart.read(...this.#at)) ?? null);
  }

  /** @param {Reading | null} reading */
  say(reading) {
    const { reading: line, dot } = this.parts;
    line.classList.toggle('hint', reading === null);
    line.textContent = reading ? `${reading.name}: ${reading.text}` : this.hooks.hint();
    dot.hidden = reading === null;
    if (!reading) return;
    dot.style.left = `${reading.pixel[0]}px`;
    dot.style.top = `${reading.pixel[1]}px`;
  }

  #name() {
    /** @type {Entry[]} */
    const entries = this.chart.legend(isDark());
    const named = JSON.stringify(entries);
    if (named === this.#named) return;
    this.#named = named;
    this.parts.names.replaceChildren(...entries.map((entry) => element('li', {}, key(entry), entry.name)));
  }

  #draw() {
    const { canvas } = this.parts;
    if (!fitCanvas(canvas)) return;
    if (this.hooks.prepare) this.hooks.prepare();
    else this.#name();
    this.frame = this.chart.draw(canvas, { pixel_ratio: window.devicePixelRatio || 1, dark: isDark() });
    // Curves grow and change under a pointer that rests.
    this.read();
  }
}
