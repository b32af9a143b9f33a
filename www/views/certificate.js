// @ts-check
// Why a result can be trusted: its balances, its grid and effort, what it assumes, and how to cite it.

import { element, format } from '../dom.js';
import { hasSteps } from '../runs.js';
import { stopReason } from './tables.js';

/** @typedef {import('../runs.js').Run} Run */

export class Certificate {
  node = element('div', { class: 'certificate' });
  /** @type {unknown} */
  #shown = null;

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {Run} run
   * @param {() => void} onTake
   */
  constructor(module, run, onTake) {
    this.module = module;
    this.run = run;
    this.onTake = onTake;
  }

  update() {
    const { run } = this;
    const { summary } = run;
    if (!summary || summary === this.#shown) return;
    this.#shown = summary;
    /** @type {[string, string][]} */
    const facts = [
      ...firstCycle(summary),
      ['Charge balance', `${format(summary.charge_balance_error, 3)} of the current, at worst`],
      ['Lithium balance', `${format(summary.lithium_balance_error, 3)} of the charge`],
      ['Solver residual', told(summary, 'solver_residual', 1, 'of the current, at worst')],
      ['Solver error', told(summary, 'solver_error_v', 1e6, 'µV at the terminal, at worst')],
      ['Step error', told(summary, 'step_error_v', 1e3, 'mV in a time step, at worst')],
      ['Time steps', `${summary.time_steps}${rest(summary, 'rejected_steps', ' more rejected')}`],
      ['Newton iterations', count(summary, 'newton_iterations')],
      ['Linear iterations', count(summary, 'linear_iterations')],
      ['Unknown potentials', count(summary, 'unknowns')],
      ['Grid', this.#grid()],
      ['Seed', String(run.recipe.seed)],
      ['Computed by', `catholyte ${run.version}`],
    ];
    const { version, citation } = this.module.about();
    const cite = run.version === version ? citation : citation.replace(`version ${version}`, `version ${run.version}`);
    const copied = element('span', { class: 'hint', role: 'status' });
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(cite);
        copied.textContent = 'Copied.';
      } catch {
        getSelection()?.selectAllChildren(text);
        copied.textContent = 'The browser does not allow it; the text is marked, press Ctrl+C.';
      }
    };
    const text = element('p', { class: 'citation' }, cite);
    this.node.replaceChildren(
      element('dl', { class: 'figures' }, ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))),
      ...meanings(),
      ...worst(summary),
      ...steps(summary),
      element('p', {}, element('strong', {}, 'Grid error: '), ...this.#gridError()),
      element('p', {}, element('strong', {}, 'Assumes: '), this.#assumptions()),
      text,
      element(
        'div',
        { class: 'buttons' },
        element('button', { class: 'quiet', type: 'button', onclick: () => void copy() }, 'Cite this'),
        run.file === null && element('button', { class: 'quiet', type: 'button', onclick: this.onTake }, 'Use this recipe'),
        copied,
      ),
    );
  }

  #grid() {
    if (this.run.file !== null) return `that of ${this.run.file}`;
    const { grid } = this.module.check_recipe(this.run.recipe);
    return grid ? `${grid.size.join(' × ')} voxels of ${grid.voxel_um} µm` : '–';
  }

  /** What a run cannot know of itself, and how to learn it. */
  #gridError() {
    if (this.run.file !== null) return ['not known from one run. Segment the volume on finer voxels and compare.'];
    const { voxel_um, c_rate, seed } = this.run.recipe;
    const command = `catholyte accuracy ${this.run.preset} --voxels ${voxel_um},${Number(voxel_um) / 2} --c-rates ${c_rate} --seed ${seed} --grids-only`;
    return ['not known from one run. A finer run beside it shows it; so does ', element('code', {}, command), ', with --set for each changed field.'];
  }

  #assumptions() {
    const { recipe } = this.run;
    const start = hasSteps(recipe) ? 'uniform' : `uniform at ${recipe.initial_voltage_v} V`;
    const reactions = Number(recipe.oxidation_a_m2) > 0 ? 'no side reaction but the oxidation of LPSCl on the NCA' : 'no side reaction';
    return (
      `30 °C; lithium metal behind an ideal LPSCl separator; ${start} at the start; no volume ` +
      `change or ageing; ${reactions}; one crystal per NCA particle; one arrangement of particles (seed ${recipe.seed}).`
    );
  }
}

/** @param {import('../messages.js').Summary} summary @returns {[string, string][]} */
const firstCycle = ({ first_cycle_efficiency: share }) => (typeof share === 'number' ? [['First-cycle efficiency', `${(100 * share).toFixed(1)} %`]] : []);

/** What the errors above are, for those who did not write the solver. */
const MEANINGS = [
  ['Charge balance', 'the current at the collector against what passes the separator and is stored; lithium balance is the same over the whole run.'],
  ['Solver residual', 'in each time step potentials are sought at which all currents at each node add up to nothing. They are found by iteration, and this is what was left over when it stopped.'],
  ['Solver error', 'what that leftover may do to the voltage, by the solver’s own estimate.'],
  ['Step error', 'what the length of a time step may do to the voltage, by the estimate that chooses the length. Later steps damp it: the curve as a whole is nearer than that.'],
];

function meanings() {
  const items = MEANINGS.map(([name, what]) => element('li', {}, element('strong', {}, `${name}: `), what));
  return [element('details', { class: 'behind' }, element('summary', {}, 'What these numbers mean'), element('ul', {}, ...items))];
}

/** Which step in time was the worst; runs of older versions do not know. @param {import('../messages.js').Summary} summary */
function worst({ worst_time_step: step, step_error_v, time_steps }) {
  const { number, capacity_mah_g, voltage_v } = step ?? {};
  if (typeof number !== 'number' || typeof capacity_mah_g !== 'number' || typeof voltage_v !== 'number' || typeof step_error_v !== 'number') return [];
  const what = `number ${number} of ${time_steps}, which ended at ${capacity_mah_g.toFixed(1)} mAh/g and ${voltage_v.toFixed(3)} V: it may be off by ${format(1e3 * step_error_v, 2)} mV.`;
  return [element('p', {}, element('strong', {}, 'Worst time step: '), what)];
}

/** What each step of several came to. @param {import('../messages.js').Summary} summary */
function steps({ steps: all = [] }) {
  if (all.length < 2) return [];
  const heads = ['Step', 'Capacity (mAh/g)', 'Mean voltage (V)', 'Last voltage (V)', 'Duration (h)', 'Ended by'];
  const rows = all.map(({ drive, capacity_mah_g, mean_voltage_v, final_voltage_v, duration_s, stop_reason }, i) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, `${i + 1}. ${driven(drive)}`),
      ...[capacity_mah_g.toFixed(1), mean_voltage_v?.toFixed(3) ?? '–', final_voltage_v.toFixed(3), (duration_s / 3600).toFixed(2)].map((text) => element('td', {}, text)),
      element('td', { class: 'words' }, stopReason(stop_reason)),
    ),
  );
  const head = element('tr', {}, ...heads.map((name, i) => element('th', { scope: 'col', class: i === 5 ? 'words' : null }, name)));
  const caption = element('caption', { class: 'visually-hidden' }, 'Steps of this run');
  const table = element('table', {}, caption, element('thead', {}, head), element('tbody', {}, ...rows));
  return [element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table of steps' }, table)];
}

/** @param {import('../messages.js').StepSummary['drive']} drive */
function driven(drive) {
  if ('voltage' in drive) return `Hold at ${drive.voltage} V`;
  return drive.c_rate === 0 ? 'Rest' : `${drive.c_rate > 0 ? 'Discharge' : 'Charge'} at ${format(Math.abs(drive.c_rate), 3)}C`;
}

/** @param {Record<string, unknown>} summary @param {string} key */
const count = (summary, key) => (typeof summary[key] === 'number' ? format(summary[key], 6) : '–');

/** @param {Record<string, unknown>} summary @param {string} key @param {number} factor from SI to what is told @param {string} words */
const told = (summary, key, factor, words) => (typeof summary[key] === 'number' ? `${format(factor * summary[key], 2)} ${words}` : 'not kept');

/** @param {Record<string, unknown>} summary @param {string} key @param {string} words */
const rest = (summary, key, words) => (summary[key] ? `, ${summary[key]}${words}` : '');
