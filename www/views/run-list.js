// @ts-check
// The table of runs: what came out, how far the others are, and what can be done with each.

import { byId, element } from '../dom.js';
import { iconButton, nameButton } from '../icons.js';
import { duration } from '../runner.js';
import { isOpen } from '../runs.js';
import { isDark } from '../theme.js';
import { Certificate } from './certificate.js';
import { oneAFrame } from './canvas.js';
import { stopReason } from './tables.js';

/** @typedef {import('../runs.js').Run} Run */

/**
 * What the buttons do.
 * @typedef {object} Actions
 * @property {(run: Run) => void} onTake brings its recipe back to the bench
 * @property {(run: Run, held: boolean) => void} onHold
 * @property {(run: Run) => void} onRemove
 */

const COLUMNS = 8;

/** How a run is told from others in names of buttons. @param {Run} run */
const spoken = (run) => `${run.title}, ${run.test}`;

export class RunTable {
  #body = /** @type {HTMLTableSectionElement} */ (byId('runs').querySelector('tbody'));
  /** @type {Map<Run, Row>} */
  #rows = new Map();

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {import('../runs.js').RunList} list
   * @param {Actions} actions
   */
  constructor(module, list, actions) {
    this.module = module;
    this.list = list;
    this.actions = actions;
    this.redraw = oneAFrame(() => this.#draw());
    list.addEventListener('change', this.redraw);
    byId('clear-runs').addEventListener('click', () => {
      for (const run of list.runs) if (!run.pinned) actions.onRemove(run);
    });
    this.redraw();
  }

  #draw() {
    const { runs } = this.list;
    const colours = this.module.curve_colours(isDark());
    for (const [run, row] of this.#rows) {
      if (runs.includes(run)) continue;
      // The next thing that can be reached takes the focus of a row that goes.
      const focused = row.node.contains(document.activeElement) || row.details.contains(document.activeElement);
      const next = runs.length ? byId('runs-scroll') : null;
      row.node.remove();
      row.details.remove();
      this.#rows.delete(run);
      if (focused) next?.focus();
    }
    for (const run of runs) {
      let row = this.#rows.get(run);
      if (!row) {
        row = new Row(this.module, run, this.list, this.actions);
        this.#rows.set(run, row);
        this.#body.append(row.node, row.details);
      }
      row.update(colours);
    }
    byId('no-runs').hidden = runs.length > 0;
    byId('runs').hidden = runs.length === 0;
    byId('clear-runs').toggleAttribute('disabled', runs.every((run) => run.pinned));
    byId('save-runs').toggleAttribute('disabled', !runs.some((run) => run.summary));
  }
}

class Row {
  #swatch = element('span', {});
  #name = element('span', { class: 'run-title' });
  #tick = element('input', { type: 'checkbox' });
  #cells = {
    test: element('td', { class: 'together' }),
    capacity: element('td'),
    voltage: element('td'),
    energy: element('td'),
    efficiency: element('td'),
    end: element('td', { class: 'words' }),
  };
  #bar = element('progress', { max: 1 });
  #left = element('span', { class: 'hint' });
  #told = '';
  /** What the row says: to say it again would lay out the whole table anew. */
  #said = '';

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {Run} run
   * @param {import('../runs.js').RunList} list
   * @param {Actions} actions
   */
  constructor(module, run, list, actions) {
    this.run = run;
    this.list = list;
    this.#tick.addEventListener('change', () => list.change(run, { hidden: !this.#tick.checked }));
    this.pin = iconButton('pin', 'Pin', () => list.change(run, { pinned: !run.pinned }));
    this.hold = iconButton('pause', 'Pause', () => actions.onHold(run, run.state !== 'paused'));
    this.rename = iconButton('rename', 'Rename', () => this.#rename());
    this.more = iconButton('details', 'Certificate', () => this.#unfold());
    this.remove = iconButton('remove', 'Remove', () => actions.onRemove(run));
    this.more.setAttribute('aria-expanded', 'false');
    const { test, capacity, voltage, energy, efficiency, end } = this.#cells;
    this.head = element('th', { scope: 'row', class: 'run-name' }, this.#tick, this.#swatch, this.#name);
    const buttons = element('div', { class: 'row-buttons' }, this.hold, this.pin, this.rename, this.more, this.remove);
    this.node = element('tr', {}, this.head, test, capacity, voltage, energy, efficiency, end, element('td', {}, buttons));
    this.certificate = new Certificate(module, run, () => actions.onTake(run));
    this.details = element('tr', { class: 'details', hidden: true }, element('td', { colspan: COLUMNS }, this.certificate.node));
  }

  /** @param {string[]} colours */
  update(colours) {
    const { run } = this;
    const { title, dashed, hidden, pinned, state, stage, seconds_left, summary } = run;
    const colour = colours[run.colour % colours.length];
    const said = JSON.stringify([title, colour, dashed, hidden, pinned, state, stage, percent(run), seconds_left && duration(seconds_left), summary !== null]);
    if (said === this.#said) return;
    this.#said = said;
    this.#swatch.className = dashed ? 'line dashed' : 'line';
    this.#swatch.style.color = colour;
    this.#name.textContent = title;
    this.#tick.checked = !hidden;
    this.#tick.setAttribute('aria-label', `Draw ${spoken(run)}`);
    this.node.classList.toggle('faded', hidden);
    this.pin.setAttribute('aria-pressed', String(pinned));
    nameButton(this.pin, `Pin ${spoken(run)}`);
    nameButton(this.hold, `${state === 'paused' ? 'Resume' : 'Pause'} ${spoken(run)}`, state === 'paused' ? 'resume' : 'pause');
    this.hold.hidden = !isOpen(run);
    nameButton(this.rename, `Rename ${spoken(run)}`);
    nameButton(this.more, `Certificate of ${spoken(run)}`);
    this.more.hidden = summary === null;
    nameButton(this.remove, `${isOpen(run) ? 'Cancel' : 'Remove'} ${spoken(run)}`);
    const { test, capacity, voltage, energy, efficiency } = this.#cells;
    test.textContent = run.test;
    if (summary) {
      number(capacity, summary.discharge_capacity_mah_g, (v) => v.toFixed(1));
      number(voltage, summary.mean_voltage_v, (v) => v.toFixed(3));
      number(energy, summary.energy_wh_kg, (v) => v.toFixed(0));
      number(efficiency, summary.first_cycle_efficiency, (v) => (100 * v).toFixed(1));
    }
    this.#tell();
    if (!this.details.hidden) this.certificate.update();
  }

  /** How far it is, or how it ended. */
  #tell() {
    const { run } = this;
    const cell = this.#cells.end;
    if (isOpen(run)) {
      if (!this.#bar.isConnected) cell.replaceChildren(this.#bar, this.#left);
      this.#bar.value = run.fraction;
      this.#bar.setAttribute('aria-label', `Progress of ${spoken(run)}`);
      const left = run.seconds_left === null ? '' : `, ${duration(run.seconds_left)} left`;
      const said = { waiting: 'waiting', paused: `paused at ${percent(run)}`, running: run.fraction ? percent(run) + left : run.stage };
      this.#left.textContent = said[/** @type {'waiting' | 'running' | 'paused'} */ (run.state)];
      this.#told = '';
      return;
    }
    const text = run.failure ? `failed: ${run.failure.message}` : stopReason(run.summary?.stop_reason ?? null);
    if (text === this.#told) return;
    this.#told = text;
    cell.replaceChildren(element('span', { class: run.failure ? 'wrong' : null }, text));
  }

  #unfold() {
    this.details.hidden = !this.details.hidden;
    this.more.setAttribute('aria-expanded', String(!this.details.hidden));
    if (!this.details.hidden) this.certificate.update();
  }

  #rename() {
    const input = element('input', { type: 'text', class: 'rename', 'aria-label': 'Name of the run', maxlength: 80, value: this.run.title });
    let done = false;
    const end = (/** @type {boolean} */ keep) => {
      if (done) return;
      done = true;
      const title = input.value.trim();
      input.replaceWith(this.#name);
      if (keep && title) this.list.change(this.run, { title });
      this.rename.focus();
    };
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === 'Escape') {
        // Else the button that takes the focus would be pressed as well.
        event.preventDefault();
        end(event.key === 'Enter');
      }
      event.stopPropagation();
    });
    input.addEventListener('blur', () => end(true));
    this.#name.replaceWith(input);
    input.focus();
    input.select();
  }
}

/** @param {Run} run */
const percent = (run) => `${Math.round(100 * run.fraction)} %`;

/**
 * A number to read, with the full value for whoever copies or tests it.
 * @param {HTMLElement} cell
 * @param {number | null | undefined} value none is a dash
 * @param {(value: number) => string} show
 */
function number(cell, value, show) {
  const text = value === undefined || value === null ? '–' : show(value);
  if (cell.textContent === text) return;
  cell.replaceChildren(element('data', { value: value ?? '' }, text));
}

