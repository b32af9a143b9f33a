// @ts-check
// Numbers: what was mixed, what it became, and how the runs performed.

import { byId, element, format } from '../dom.js';
import { isDark } from '../theme.js';
import { runLabel, runSwatch } from './plots.js';

/**
 * What a valid recipe amounts to.
 * @typedef {object} Checked
 * @property {import('../messages.js').Recipe} recipe
 * @property {{volume_fraction: number[], thickness_um: number, loading_mg_cm2: number, nca_mass_fraction: number,
 *   nominal_capacity_mah_cm2: number, solid_density_g_cm3: number}} composition
 * @property {import('../messages.js').Grid} grid
 * @property {number} estimate_bytes
 */

/** @typedef {import('./plots.js').Run} Run */

/** @type {Record<string, string>} */
const STOP_REASONS = {
  lower_cutoff: 'cut-off voltage',
  upper_cutoff: 'cut-off voltage',
  no_conducting_path: 'no conducting path',
};

/** Bytes as people say them. @param {number} bytes */
export const formatBytes = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/** @param {string | null} reason */
export const stopReason = (reason) => (reason === null ? 'not at all' : (STOP_REASONS[reason] ?? reason.replaceAll('_', ' ')));

/**
 * @param {typeof import('../pkg/catholyte.js')} module
 * @param {Checked} checked
 * @param {import('../messages.js').Report | null} report null while the structure is being built
 */
export function showComposition(module, checked, report) {
  const { composition } = checked;
  // An imported volume was not weighed.
  const grid = report?.grid ?? checked.grid;
  const weighed = report?.imported ? null : composition;
  /** @type {import('./slices.js').PhaseStyle[]} */
  const styles = module.phase_styles(String(checked.recipe.halide));
  const percent = (/** @type {number | undefined} */ share) => (share === undefined ? '…' : (100 * share).toFixed(2));
  const rows = styles.flatMap((style, i) => {
    const share = weighed?.volume_fraction[i];
    if (!share && !(report?.imported && report.volume_fractions[i])) return [];
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `rgb(${style.rgb.join(' ')})`;
    return [
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, swatch, style.label),
        element('td', {}, weighed ? percent(share) : '–'),
        element('td', {}, percent(report?.volume_fractions[i])),
      ),
    ];
  });
  byId('fractions').querySelector('tbody')?.replaceChildren(...rows);

  const [nx, ny, nz] = grid.size;
  /** @type {[string, string][]} */
  const figures = [
    ...(weighed
      ? /** @type {[string, string][]} */ ([
          ['Porosity', `${(100 * weighed.volume_fraction[0]).toFixed(2)} %`],
          ['Loading', `${format(weighed.loading_mg_cm2)} mg/cm²`],
          ['Thickness', `${format(weighed.thickness_um)} µm`],
          ['NCA in the solids', `${(100 * weighed.nca_mass_fraction).toFixed(1)} wt%`],
          ['Nominal capacity', `${format(weighed.nominal_capacity_mah_cm2)} mAh/cm²`],
        ])
      : /** @type {[string, string][]} */ ([['Thickness', `${format(nz * grid.voxel_um)} µm`]])),
    ['NCA surface under coat', report ? `${(100 * report.coat_coverage).toFixed(1)} %` : '…'],
    ['NCA particles', report ? String(report.particles) : '…'],
    ['Voxels', `${nx} × ${ny} × ${nz}`],
    ['Memory for a run', `about ${formatBytes((checked.estimate_bytes * nx * ny * nz) / checked.grid.size.reduce((a, b) => a * b))}`],
  ];
  byId('figures').replaceChildren(
    ...figures.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

/**
 * @param {typeof import('../pkg/catholyte.js')} module
 * @param {Run[]} runs
 * @param {(run: Run) => void} onRemove
 */
export function showRuns(module, runs, onRemove) {
  const colours = module.curve_colours(isDark());
  const finished = runs.filter((run) => run.summary);
  byId('runs').querySelector('tbody')?.replaceChildren(...finished.map((run) => runRow(run, colours, onRemove)));
  byId('no-runs').hidden = finished.length > 0;
  byId('runs').hidden = finished.length === 0;
}

/**
 * @param {Run} run
 * @param {string[]} colours
 * @param {(run: Run) => void} onRemove
 */
function runRow(run, colours, onRemove) {
  const summary = /** @type {import('../messages.js').Summary} */ (run.summary);
  // The full value for whoever copies or tests it; the short one to read.
  const cell = (/** @type {number} */ value, /** @type {string} */ text) => element('td', {}, element('data', { value }, text));
  return element(
    'tr',
    {},
    element('th', { scope: 'row', class: 'run-name' }, runSwatch(run, colours), run.title),
    element('td', {}, `${run.c_rate}C`),
    cell(summary.discharge_capacity_mah_g, summary.discharge_capacity_mah_g.toFixed(1)),
    cell(summary.mean_voltage_v, summary.mean_voltage_v.toFixed(3)),
    element('td', { class: 'words' }, stopReason(summary.stop_reason)),
    cell(summary.time_steps, String(summary.time_steps)),
    cell(summary.charge_balance_error, format(summary.charge_balance_error, 3)),
    cell(summary.lithium_balance_error, format(summary.lithium_balance_error, 3)),
    element(
      'td',
      {},
      element(
        'button',
        { class: 'icon-button tiny', type: 'button', 'aria-label': `Remove ${runLabel(run)}`, title: 'Remove', onclick: () => onRemove(run) },
        '×',
      ),
    ),
  );
}
