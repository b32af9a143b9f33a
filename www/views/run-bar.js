// @ts-check
// Rate, Run, Pause and Cancel, and what is being done.

import { byId, element } from '../dom.js';
import { hasSteps, testOf } from '../runs.js';

/** Rates one click away [C]. */
const RATES = [0.1, 0.5, 2];
/** Voxels of runs at a higher resolution [um]; the last is the paper's. */
const FINER = [0.5, 0.25];

/** What went wrong, by code, where it is not the stage that tells it. @type {Record<string, string>} */
const WHAT = { crashed: 'The simulator crashed', link: 'This link cannot be followed' };

/**
 * What the controls do.
 * @typedef {object} Actions
 * @property {(c_rate: number) => void} onRate
 * @property {() => void} onRun
 * @property {(voxel_um: number) => void} onRunFiner
 * @property {() => void} onPause pauses or resumes
 * @property {() => void} onCancel
 * @property {(live: boolean) => void} onLive
 */

export class RunBar {
  #run = /** @type {HTMLButtonElement} */ (byId('run'));
  #cancel = /** @type {HTMLButtonElement} */ (byId('cancel'));
  #bar = /** @type {HTMLProgressElement} */ (byId('progress'));
  #pause = /** @type {HTMLButtonElement} */ (byId('pause'));
  #live = /** @type {HTMLInputElement} */ (byId('live'));
  #finer = /** @type {HTMLButtonElement} */ (byId('run-finer'));
  #voxel = /** @type {HTMLSelectElement} */ (byId('finer-voxel'));
  #said = '';
  /** @type {HTMLButtonElement[]} */
  #rates;

  /** @param {Actions} actions @param {boolean} live */
  constructor(actions, live) {
    this.#rates = RATES.map((rate) => element('button', { type: 'button', onclick: () => actions.onRate(rate) }, `${rate}C`));
    byId('rates').append(...this.#rates);
    this.#run.addEventListener('click', actions.onRun);
    this.#pause.addEventListener('click', actions.onPause);
    this.#cancel.addEventListener('click', actions.onCancel);
    this.#finer.addEventListener('click', () => actions.onRunFiner(Number(this.#voxel.value)));
    this.#live.checked = live;
    this.#live.addEventListener('change', () => actions.onLive(this.#live.checked));
  }

  /** Offers finer voxels than those of the recipe. @param {unknown} voxel_um null offers none */
  showFiner(voxel_um) {
    const offered = FINER.filter((voxel) => typeof voxel_um === 'number' && voxel < voxel_um);
    byId('finer').hidden = offered.length === 0;
    if (this.#voxel.options.length === offered.length) return;
    this.#voxel.replaceChildren(...offered.map((voxel) => element('option', { value: voxel }, `${voxel} µm`)));
  }

  /** @param {import('../messages.js').Recipe} recipe */
  showTest(recipe) {
    const { c_rate } = recipe;
    const steps = hasSteps(recipe);
    for (const [i, button] of this.#rates.entries()) {
      button.setAttribute('aria-pressed', String(!steps && RATES[i] === c_rate));
      button.disabled = steps;
    }
    this.#run.textContent = steps ? `Run ${testOf(recipe)}` : typeof c_rate === 'number' ? `Run at ${c_rate}C` : 'Run';
  }

  /** @param {{canRun: boolean, running: boolean, paused: boolean}} state `running` is about a run that fills the bar */
  enable({ canRun, running, paused }) {
    this.#run.disabled = !canRun;
    this.#finer.disabled = !canRun;
    this.#pause.disabled = !running;
    this.#pause.textContent = paused ? 'Resume' : 'Pause';
    this.#cancel.disabled = !running;
  }

  /**
   * Text beside the bar; announced only when its stage changes.
   * @param {string} stage
   * @param {string} [detail]
   * @param {number | null} [fraction] null leaves the bar as it is
   */
  say(stage, detail = '', fraction = null) {
    byId('progress-text').textContent = detail ? `${stage}: ${detail}` : stage;
    if (fraction !== null) this.#bar.value = fraction;
    if (stage === this.#said) return;
    this.#said = stage;
    byId('status').textContent = stage;
  }

  /** A message that stays until the next one; null takes it away. @param {import('../messages.js').Failure | null} failure */
  warn(failure) {
    const banner = byId('banner');
    banner.hidden = failure === null;
    if (!failure) return banner.replaceChildren();
    const dismiss = element(
      'button',
      { class: 'icon-button tiny', type: 'button', 'aria-label': 'Dismiss this message', onclick: () => this.warn(null) },
      '×',
    );
    const what = WHAT[failure.code] ?? `It failed while ${failure.stage}`;
    banner.replaceChildren(element('p', {}, element('strong', {}, `${what}. `), `${failure.message} ${failure.hint}`), dismiss);
  }
}
