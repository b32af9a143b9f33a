// @ts-check
// The particles that lack something, as a table; a click on one leads there.

import { byId, element } from '../dom.js';

/** @typedef {import('../messages.js').Starved} Starved */

const LACKS = {
  electrons: 'no electrons',
  ions: 'no ions',
  weakly_wired: 'weakly wired',
  behind: 'behind the others',
};

/** What a particle lacks, in words. @param {Starved} particle */
export const lack = ({ lacks }) => LACKS[lacks];

export class StarvedTable {
  #details = /** @type {HTMLDetailsElement} */ (byId('starved'));
  /** @type {Starved[] | null} */
  #particles = null;

  /** @param {(particle: Starved) => void} onVisit */
  constructor(onVisit) {
    this.onVisit = onVisit;
    this.#details.addEventListener('toggle', () => this.#draw());
  }

  /** @param {Starved[] | null} particles null while nobody knows */
  show(particles) {
    this.#particles = particles;
    this.#draw();
  }

  #draw() {
    const particles = this.#particles;
    byId('starved-count').textContent = String(particles?.length ?? '…');
    byId('starved-none').hidden = particles?.length !== 0;
    byId('starved-scroll').hidden = !particles?.length;
    // Rows that nobody sees cost time at every instant of a run.
    if (!this.#details.open || !particles) return;
    byId('starved-table').querySelector('tbody')?.replaceChildren(...particles.map((particle) => this.#row(particle)));
  }

  /** @param {Starved} particle */
  #row(particle) {
    const { number, centre_um, diameter_um, state_of_charge } = particle;
    const visit = element('button', { class: 'quiet', type: 'button', 'aria-label': `Show particle ${number}`, onclick: () => this.onVisit(particle) }, String(number));
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, visit),
      element('td', { class: 'words' }, lack(particle)),
      element('td', { class: 'together' }, centre_um.map((um) => um.toFixed(1)).join(', ')),
      element('td', {}, diameter_um.toFixed(1)),
      element('td', {}, state_of_charge === null ? '–' : state_of_charge.toFixed(1)),
    );
  }
}
