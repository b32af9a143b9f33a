// @ts-check
// The model against the paper: a file that the command line writes, as a table.

import { byId, element } from './dom.js';

/**
 * Mean and standard deviation over seeds; `kind` tells whether the model was fitted to this value or predicts it.
 * @typedef {{electrode: string, quantity: string, paper: number, model_mean: number | null, model_sd: number | null,
 *   residual: number | null, kind: string, values: number[]}} Row
 */

/** @typedef {{catholyte: string, voxel_um: number, width_um: number, seeds: number, rows: Row[]}} Validation */

/** To a tenth, which is as well as the paper tells. @param {number | null} value */
const tenth = (value) => (typeof value === 'number' ? value.toFixed(1).replace('-', '−') : '–');

/** `discharge_capacity_2C` in words. @param {string} key */
function words(key) {
  const [, rate] = /^discharge_capacity_([\d.]+)C$/.exec(key) ?? [];
  if (rate) return `discharge capacity at ${rate}C (mAh/g)`;
  const [, cycle] = /^interfacial_resistance_ohm_cycle_(\d+)$/.exec(key) ?? [];
  if (cycle) return `interfacial resistance, cycle ${cycle} (Ω)`;
  return KNOWN[key] ?? key.replaceAll('_', ' ');
}

/** @type {Record<string, string>} */
const KNOWN = {
  interfacial_resistance_ohm: 'interfacial resistance (Ω)',
  first_cycle_efficiency: 'first-cycle efficiency (%)',
  retention_100_cycles: 'capacity left after 100 cycles (%)',
  carbon_coverage_percent: 'NCA surface under carbon (%)',
};

/** Fills the table, or says that there is nothing to fill it with. @param {Map<string, string>} titles of the electrodes */
export async function showValidation(titles) {
  const status = byId('validation-status');
  const answer = await fetch(new URL('validation.json', import.meta.url));
  if (answer.status === 404) {
    status.textContent = 'This copy of the page comes without the comparison: its file www/validation.json is missing. The command below makes it.';
    return;
  }
  /** @type {Validation} */
  let data;
  try {
    data = await answer.json();
    fill(data.rows, titles);
  } catch {
    status.textContent = 'The file www/validation.json cannot be read. The command below makes it anew.';
    return;
  }
  status.textContent = `Mean and standard deviation over ${data.seeds} seeds on voxels of ${data.voxel_um} µm, ${data.width_um} µm wide, by catholyte ${data.catholyte}; the paper is doi 10.1016/j.ensm.2022.11.038.`;
  byId('validation').hidden = false;
}

/** @param {Row[]} rows @param {Map<string, string>} titles */
function fill(rows, titles) {
  byId('validation')
    .querySelector('tbody')
    ?.replaceChildren(
      ...rows.map(({ electrode, quantity, paper, model_mean, model_sd, residual, kind }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, titles.get(electrode) ?? electrode),
          element('td', { class: 'words' }, words(quantity)),
          element('td', {}, String(paper)),
          element('td', { class: 'together' }, model_mean === null ? '–' : `${tenth(model_mean)} ± ${tenth(model_sd)}`),
          element('td', {}, residual !== null && residual > 0 ? `+${tenth(residual)}` : tenth(residual)),
          element('td', { class: 'words' }, kind),
        ),
      ),
    );
}
