// @ts-check
// Effective transport: conductivities of the phases in, conductivity and tortuosity factor of the structure out.

import { byId, element, format } from '../dom.js';

/** @typedef {import('../messages.js').Transport} Transport */
/** @typedef {import('../messages.js').FlowRequest} FlowRequest */
/** @typedef {import('./slices.js').PhaseStyle} PhaseStyle */

export class Flow {
  #compute = /** @type {HTMLButtonElement} */ (byId('flow-compute'));
  #cancel = /** @type {HTMLButtonElement} */ (byId('flow-cancel'));
  /** @type {HTMLInputElement[]} one for each phase */
  #inputs = [];
  /** What the materials conduct, by carrier. @type {{ions: number[], electrons: number[]} | null} */
  #materials = null;

  /**
   * @param {(request: FlowRequest, what: string) => void} onCompute
   * @param {() => void} onCancel
   */
  constructor(onCompute, onCancel) {
    byId('flow-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const request = this.#request();
      if (request) onCompute(request, this.#carrier());
    });
    this.#cancel.addEventListener('click', onCancel);
    for (const radio of this.#radios('carrier')) radio.addEventListener('change', () => this.#fill());
  }

  /**
   * @param {PhaseStyle[]} styles
   * @param {{ions: number[], electrons: number[]} | null} materials null if the recipe has faults
   */
  setMaterials(styles, materials) {
    const changed = JSON.stringify(materials) !== JSON.stringify(this.#materials);
    const names = styles.map((style) => style.label).join();
    if (byId('flow-phases').dataset.names !== names) {
      byId('flow-phases').dataset.names = names;
      this.#inputs = styles.map((style) =>
        element('input', { type: 'number', min: '0', step: 'any', required: true, id: `flow-${style.key}` }),
      );
      byId('flow-phases').replaceChildren(...styles.map((style, i) => this.#row(style, this.#inputs[i])));
    } else if (!changed) return;
    if (materials) this.#materials = materials;
    if (this.#carrier()) this.#fill();
  }

  /** @param {boolean} busy */
  enable(busy) {
    this.#compute.disabled = busy;
    this.#cancel.disabled = !busy;
  }

  /** @param {string} text */
  say(text) {
    byId('flow-status').textContent = text;
  }

  /** @param {Transport} found @param {FlowRequest} request @param {string} what @param {string} where */
  add(found, request, what, where) {
    const cell = (/** @type {number} */ value, /** @type {string} */ text) => element('td', {}, element('data', { value }, text));
    const row = element(
      'tr',
      {},
      element('th', { scope: 'row' }, `${what || 'own values'}, ${where}`),
      element('td', { class: 'words' }, request.periodic ? request.axis : `${request.axis}, walls`),
      cell(found.effective_conductivity, format(found.effective_conductivity, 4)),
      cell(found.tortuosity_factor, found.percolates ? format(found.tortuosity_factor, 4) : 'no path'),
      cell(found.volume_fraction, `${(100 * found.volume_fraction).toFixed(2)}`),
      cell(found.connected_fraction, `${(100 * found.connected_fraction).toFixed(2)}`),
      cell(found.iterations, String(found.iterations)),
      cell(found.relative_residual, format(found.relative_residual, 2)),
      cell(found.seconds, found.seconds.toFixed(2)),
    );
    byId('flow-results').querySelector('tbody')?.prepend(row);
    byId('flow-scroll').hidden = false;
  }

  /** @param {string} name */
  #radios(name) {
    return /** @type {NodeListOf<HTMLInputElement>} */ (byId('flow-form').querySelectorAll(`input[name=${name}]`));
  }

  #carrier() {
    return [...this.#radios('carrier')].find((radio) => radio.checked)?.value ?? '';
  }

  #fill() {
    const values = this.#materials?.[/** @type {'ions' | 'electrons'} */ (this.#carrier())];
    values?.forEach((value, i) => (this.#inputs[i].value = String(Number(value.toPrecision(4)))));
  }

  /** @param {PhaseStyle} style @param {HTMLInputElement} input */
  #row(style, input) {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `rgb(${style.rgb.join(' ')})`;
    // What is typed belongs to no carrier any more.
    input.addEventListener('input', () => this.#radios('carrier').forEach((radio) => (radio.checked = false)));
    return element(
      'div',
      { class: 'field-line' },
      element('label', { for: input.id }, swatch, style.label),
      element('span', { class: 'field-value' }, input, element('span', { class: 'unit' }, 'S/m')),
    );
  }

  /** @returns {FlowRequest | null} */
  #request() {
    const conductivity = this.#inputs.map((input) => input.valueAsNumber);
    const axis = [...this.#radios('flow-axis')].find((radio) => radio.checked)?.value ?? 'z';
    const periodic = /** @type {HTMLInputElement} */ (byId('flow-periodic')).checked;
    return { conductivity, axis: /** @type {import('../messages.js').Axis} */ (axis), periodic };
  }
}
