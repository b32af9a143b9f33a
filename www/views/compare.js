// @ts-check
// The paper's comparison: all its electrodes with one click, and its two figures as charts and tables.

import { byId, element } from '../dom.js';
import { FIGURES, RATES, figure, paperRuns } from '../paper.js';
import { duration } from '../runner.js';
import { isOpen, sameRecipe } from '../runs.js';
import { oneAFrame } from './canvas.js';
import { PaperFigures } from './paper-figures.js';

/** @typedef {import('../runs.js').Run} Run */
/** @typedef {import('../messages.js').Recipe} Recipe */
/** @typedef {{preset: import('./form.js').Preset, recipe: Recipe}} Asked */

export class Compare {
  #run = /** @type {HTMLButtonElement} */ (byId('run-paper'));
  #cancel = /** @type {HTMLButtonElement} */ (byId('cancel-paper'));
  #said = '';
  /** Runs whose numbers are in the tables. */
  #told = '';

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {import('./form.js').Preset[]} presets
   * @param {import('../runs.js').RunList} list
   * @param {(wanted: Asked[]) => void} onRun
   * @param {(run: Run) => void} onCancel
   */
  constructor(module, presets, list, onRun, onCancel) {
    this.figures = new PaperFigures(module, presets, list);
    this.presets = presets;
    this.list = list;
    this.needed = paperRuns(presets);
    this.#run.addEventListener('click', () => onRun(this.needed.filter(({ recipe }) => !this.#present(recipe))));
    this.#cancel.addEventListener('click', () => this.#open().forEach(onCancel));
    const redraw = oneAFrame(() => this.#draw());
    list.addEventListener('change', redraw);
    redraw();
  }

  /** Finished, or on its way. @param {Recipe} recipe */
  #present(recipe) {
    return this.list.find(recipe) ?? this.list.runs.find((run) => isOpen(run) && !run.live && sameRecipe(run.recipe, recipe));
  }

  #open() {
    return this.list.runs.filter((run) => isOpen(run) && !run.live && this.needed.some(({ recipe }) => sameRecipe(run.recipe, recipe)));
  }

  #draw() {
    const open = this.#open();
    const finished = this.needed.map(({ recipe }) => this.list.find(recipe));
    const done = finished.filter((run) => run !== null).length;
    this.#run.disabled = open.length + done >= this.needed.length;
    this.#cancel.disabled = open.length === 0;
    this.#cancel.hidden = open.length === 0;
    byId('paper-progress').hidden = open.length === 0;
    /** @type {HTMLProgressElement} */ (byId('paper-progress')).value =
      (done + open.reduce((sum, run) => sum + run.fraction, 0)) / this.needed.length;
    this.#say(open, done);
    const told = finished.map((run) => run?.id ?? 0).join();
    if (told === this.#told) return;
    this.#told = told;
    for (const { id } of FIGURES) this.#fill(id);
    this.figures.update();
  }

  /** @param {Run[]} open @param {number} done */
  #say(open, done) {
    const all = this.needed.length;
    const left = Math.max(0, ...open.map((run) => run.seconds_left ?? 0));
    const text = open.length
      ? `${done} of ${all} discharges done${left ? `, the present ones take ${duration(left)} more` : ''}.`
      : done === all
        ? `All ${all} discharges are done.`
        : `${all - done} discharges at 0.1C and 2C on voxels of 1 µm: about two minutes.`;
    if (text === this.#said) return;
    this.#said = text;
    byId('paper-status').textContent = text;
  }

  /** @param {string} id */
  #fill(id) {
    const rows = figure(id, this.presets, this.list).map(({ preset, points }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, preset.title),
        ...points.flatMap(({ capacity, measured }) => [
          element('td', {}, capacity === null ? '–' : element('data', { value: capacity }, capacity.toFixed(1))),
          element('td', { class: 'measured' }, measured === null ? '–' : String(measured)),
        ]),
        element('td', {}, kept(points.map(({ capacity }) => capacity))),
        element('td', { class: 'measured' }, kept(points.map(({ measured }) => measured))),
      ),
    );
    const table = byId(`${id}-table`);
    if (!table.querySelector('thead')) table.append(head(), element('tbody'));
    table.querySelector('tbody')?.replaceChildren(...rows);
  }
}

/** What is left of the first at the last. @param {(number | null)[]} capacities */
function kept(capacities) {
  const [first, last] = [capacities[0], capacities[capacities.length - 1]];
  return first && last !== null ? `${Math.round((100 * last) / first)} %` : '–';
}

function head() {
  const groups = [...RATES.map((rate) => `${rate}C, mAh/g`), `${RATES[1]}C / ${RATES[0]}C`];
  return element(
    'thead',
    {},
    element('tr', {}, element('th', { scope: 'col', rowspan: 2 }, 'Electrode'), ...groups.map((text) => element('th', { scope: 'colgroup', colspan: 2 }, text))),
    element('tr', {}, ...groups.flatMap(() => ['Twin', 'Paper'].map((text) => element('th', { scope: 'col' }, text)))),
  );
}
