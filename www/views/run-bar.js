// @ts-check
// Rate, Run and Cancel, and what is being done.

import { byId, element } from '../dom.js';

/** Rates one click away [C]. */
const RATES = [0.1, 0.5, 2];

export class RunBar {
  #run = /** @type {HTMLButtonElement} */ (byId('run'));
  #cancel = /** @type {HTMLButtonElement} */ (byId('cancel'));
  #bar = /** @type {HTMLProgressElement} */ (byId('progress'));
  #said = '';
  /** @type {HTMLButtonElement[]} */
  #rates;

  /**
   * @param {(c_rate: number) => void} onRate
   * @param {() => void} onRun
   * @param {() => void} onCancel
   */
  constructor(onRate, onRun, onCancel) {
    this.#rates = RATES.map((rate) => element('button', { type: 'button', onclick: () => onRate(rate) }, `${rate}C`));
    byId('rates').append(...this.#rates);
    this.#run.addEventListener('click', onRun);
    this.#cancel.addEventListener('click', onCancel);
  }

  /** @param {unknown} c_rate */
  showRate(c_rate) {
    for (const [i, button] of this.#rates.entries()) button.setAttribute('aria-pressed', String(RATES[i] === c_rate));
    this.#run.textContent = typeof c_rate === 'number' ? `Run at ${c_rate}C` : 'Run';
  }

  /** @param {{canRun: boolean, running: boolean}} state */
  enable({ canRun, running }) {
    this.#run.disabled = !canRun || running;
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
    const what = failure.code === 'crashed' ? 'The simulator crashed' : `It failed while ${failure.stage}`;
    banner.replaceChildren(element('p', {}, element('strong', {}, `${what}. `), `${failure.message} ${failure.hint}`), dismiss);
  }
}
