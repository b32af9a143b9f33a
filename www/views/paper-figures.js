// @ts-check
// The paper's figures, drawn of the runs that there are, with what the paper measured as marks.

import { byId, element } from '../dom.js';
import { FIGURES, figure } from '../paper.js';
import { Chart } from './chart.js';

/** @typedef {import('./form.js').Preset} Preset */
/** @typedef {import('../runs.js').Run} Run */

/** What Fig. 2e can show over the halide's share. */
const OVER_HALIDE = /** @type {const} */ ([
  ['capacity', 'Capacity'],
  ['energy', 'Energy'],
]);

export class PaperFigures {
  /** @type {Map<string, Chart>} */
  #charts = new Map();
  /** @type {string} */
  #overHalide = 'capacity';

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {Preset[]} presets
   * @param {import('../runs.js').RunList} list
   */
  constructor(module, presets, list) {
    this.presets = presets;
    this.list = list;
    for (const { id } of FIGURES) {
      const parts = { canvas: /** @type {HTMLCanvasElement} */ (byId(`${id}-chart`)), names: byId(`${id}-names`), reading: byId(`${id}-reading`), dot: byId(`${id}-dot`) };
      this.#charts.set(id, new Chart(module, parts, { hint: () => 'Point at the chart to read it.' }));
    }
    byId('over-halide').append(
      ...OVER_HALIDE.map(([kind, name]) => {
        const input = element('input', { type: 'radio', name: 'over-halide', value: kind, checked: kind === this.#overHalide });
        input.addEventListener('change', () => {
          this.#overHalide = kind;
          this.update();
        });
        return element('label', { class: 'chip' }, input, element('span', {}, name));
      }),
    );
  }

  /** Draws again in other colours. */
  redraw() {
    for (const chart of this.#charts.values()) chart.redraw();
  }

  /** Follows the list of runs. */
  update() {
    for (const { id, electrodes } of FIGURES) {
      const chart = /** @type {Chart} */ (this.#charts.get(id));
      const kind = id === 'cure' ? 'rate' : this.#overHalide;
      // The paper's text tells capacities, not energies.
      chart.set(this.#runs(id), { kind, along: 'capacity', paper: { of: electrodes } });
      chart.redraw();
    }
  }

  /** The runs of a figure, named and coloured by their electrodes. @param {string} id @returns {Run[]} */
  #runs(id) {
    return figure(id, this.presets, this.list).flatMap(({ preset, points }, colour) =>
      points.flatMap(({ run }) => (run ? [{ ...run, title: preset.title, colour, dashed: false }] : [])),
    );
  }
}
