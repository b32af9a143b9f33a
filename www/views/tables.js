// @ts-check
// Numbers: what was mixed and what it became.

import { byId, element, format } from '../dom.js';

/**
 * What a valid recipe amounts to.
 * @typedef {object} Checked
 * @property {import('../messages.js').Recipe} recipe
 * @property {{volume_fraction: number[], thickness_um: number, loading_mg_cm2: number, nca_mass_fraction: number,
 *   nominal_capacity_mah_cm2: number, solid_density_g_cm3: number}} composition
 * @property {import('../messages.js').Grid} grid
 * @property {number} estimate_bytes
 */

/** @type {Record<string, string>} */
const STOP_REASONS = {
  lower_cutoff: 'cut-off voltage',
  upper_cutoff: 'upper cut-off voltage',
  current_cutoff: 'cut-off current',
  // A side reaction keeps up the current of a hold or charge, whose limit is never reached.
  time_elapsed: 'time elapsed',
  limit_unreached: 'limit never reached: a side reaction takes the current',
  surface_saturated: 'no voltage within the limit drives this current',
  no_conducting_path: 'no conducting path',
};

/** Bytes as people say them. @param {number} bytes */
export const formatBytes = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/** @param {string | null} reason */
export const stopReason = (reason) => (reason === null ? 'not at all' : (STOP_REASONS[reason] ?? reason));

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
