// @ts-check
// What each rail of the shown structure conducts through its thickness, on demand.

import { byId, element, format } from '../dom.js';

/** @typedef {import('../messages.js').Transport} Transport */
/** @typedef {{ions: number[], electrons: number[]}} Conductivities of each phase [S/m] */
/** @typedef {{ions: Transport, electrons: Transport}} Conducted */

export class Rails {
  #compute = /** @type {HTMLButtonElement} */ (byId('conducted-compute'));
  /** The structure and its materials; null while there is none. @type {string | null} */
  #key = null;
  /** @type {Conductivities | null} */
  #materials = null;

  /** What is under way. @type {AbortController | null} */
  #under = null;

  /** @param {(materials: Conductivities, signal: AbortSignal) => Promise<Conducted>} conduct through the structure that is shown */
  constructor(conduct) {
    this.#compute.addEventListener('click', () => void this.#send(conduct));
  }

  /**
   * @param {string | null} hash of the voxels, null while they are being built
   * @param {Conductivities | null} materials null if the recipe has faults
   */
  about(hash, materials) {
    const key = hash && materials ? `${hash} ${JSON.stringify(materials)}` : null;
    if (key === this.#key) return;
    this.#key = key;
    this.#materials = materials;
    // Nobody waits for a current through a structure that is gone.
    this.#under?.abort();
    this.#compute.disabled = key === null;
    this.#show(null);
    this.#say('');
  }

  /** @param {(materials: Conductivities, signal: AbortSignal) => Promise<Conducted>} conduct */
  async #send(conduct) {
    const key = this.#key;
    if (!key || !this.#materials) return;
    const under = (this.#under = new AbortController());
    this.#compute.disabled = true;
    this.#say('Computing …');
    let [found, text] = [/** @type {Conducted | null} */ (null), ''];
    try {
      found = await conduct(this.#materials, under.signal);
    } catch (error) {
      text = error instanceof Error ? error.message : String(error);
    }
    if (under.signal.aborted) return;
    this.#show(found);
    this.#say(text);
    this.#compute.disabled = found !== null;
  }

  /** @param {Conducted | null} found */
  #show(found) {
    byId('conducted-scroll').hidden = byId('conducted-meaning').hidden = found === null;
    if (!found) return;
    const cell = (/** @type {number} */ value, /** @type {string} */ text) => element('td', {}, element('data', { value }, text));
    const row = (/** @type {string} */ name, /** @type {Transport} */ rail) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, name),
        // 1 S/m is 10 mS/cm.
        cell(rail.effective_conductivity, rail.percolates ? format(10 * rail.effective_conductivity, 3) : 'no path'),
        cell(rail.tortuosity_factor, rail.percolates ? format(rail.tortuosity_factor, 3) : '–'),
        cell(rail.connected_fraction, (100 * rail.connected_fraction).toFixed(1)),
      );
    byId('conducted').querySelector('tbody')?.replaceChildren(row('Lithium ions', found.ions), row('Electrons', found.electrons));
  }

  /** @param {string} text */
  #say(text) {
    byId('conducted-status').textContent = text;
  }
}
