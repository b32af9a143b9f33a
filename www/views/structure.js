// @ts-check
// What the structure tells before any current flows: coverage of the NCA, and what electrons and ions reach.

import { byId, element, format } from '../dom.js';

/** @typedef {import('../messages.js').Report} Report */
/** @typedef {import('./slices.js').PhaseStyle} PhaseStyle */

const percent = (/** @type {number} */ share, digits = 2) => (100 * share).toFixed(digits);

/**
 * A bar from 0 to 1 with an optional mark; the number stands beside it, so it is silent.
 * @param {number | undefined} share
 * @param {number[] | null} rgb null for the page's own colour
 * @param {number | null} mark
 */
function bar(share, rgb, mark = null) {
  const fill = element('span', { class: 'fill', hidden: !share });
  fill.style.width = `${percent(share ?? 0)}%`;
  if (rgb) fill.style.background = `rgb(${rgb.join(' ')})`;
  const tick = mark === null ? null : element('span', { class: 'mark' });
  if (tick && mark !== null) tick.style.left = `${percent(mark)}%`;
  return element('td', { class: 'wide', 'aria-hidden': 'true' }, element('span', { class: 'bar' }, fill, tick));
}

/**
 * @param {PhaseStyle[]} styles
 * @param {Report | null} report null while the structure is being built
 * @param {{title: string, carbon: number} | null} reference what the paper gives for this electrode
 */
export function showStructure(styles, report, reference) {
  const coverage = report?.analysis.coverage;
  const rows = styles.flatMap((style) => {
    const share = coverage?.[style.key];
    const mark = style.key === 'carbon' && reference ? reference.carbon : null;
    if (share === 0 && mark === null) return [];
    const spread = report?.analysis.coverage_per_particle[style.key];
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `rgb(${style.rgb.join(' ')})`;
    return [
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, swatch, style.key === 'nca' ? 'another NCA' : style.label),
        bar(share, style.rgb, mark),
        element('td', {}, share === undefined ? '…' : element('data', { value: share }, percent(share))),
        element('td', {}, spread ? `${percent(spread.p10, 1)} – ${percent(spread.p90, 1)}` : '…'),
      ),
    ];
  });
  byId('coverage').querySelector('tbody')?.replaceChildren(...rows);
  const note = byId('coverage-reference');
  note.hidden = reference === null;
  note.textContent = reference ? `Line in the bar: carbon covers ${percent(reference.carbon)} % in the paper’s ${reference.title}.` : '';
  showConnectivity(report);
}

/** @param {Report | null} report */
function showConnectivity(report) {
  const connectivity = report?.analysis.connectivity;
  const nca = connectivity?.nca;
  const count = (/** @type {number[] | undefined} */ list) =>
    list === undefined ? '…' : list.length === 1 ? '1 particle' : `${list.length} particles`;
  /** @type {[string, number | undefined, string][]} */
  const shares = [
    ['Active', nca?.active_fraction, ''],
    ['Without electrons', nca?.electronically_isolated_fraction, count(nca?.electronically_isolated_particles)],
    ['Without ions', nca?.ionically_isolated_fraction, count(nca?.ionically_isolated_particles)],
  ];
  const rows = shares.map(([name, share, particles]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      bar(share, null),
      element('td', {}, share === undefined ? '…' : element('data', { value: share }, `${percent(share)} %`)),
      element('td', {}, particles),
    ),
  );
  byId('connectivity').querySelector('tbody')?.replaceChildren(...rows);

  const rail = (/** @type {import('../messages.js').Clusters | undefined} */ c) => {
    if (!c) return '…';
    if (!c.clusters) return 'none';
    const pieces = c.clusters === 1 ? 'in 1 piece' : `in ${c.clusters} pieces`;
    return `${percent(c.connected_fraction, 1)} % connected, ${pieces}`;
  };
  const ratio = nca?.electronic_path_ratio;
  /** @type {[string, string][]} */
  const figures = [
    ['Electronic rail', rail(connectivity?.electronic)],
    ['Ionic rail', rail(connectivity?.ionic)],
    ['Weakly wired NCA', count(nca?.weakly_wired_particles)],
    ['Electrons’ way over the straight one', nca ? (ratio ? format(ratio, 3) : 'no way') : '…'],
    ['NCA surface', report ? `${format(report.analysis.nca_surface_um2)} µm²` : '…'],
  ];
  byId('rails').replaceChildren(
    ...figures.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}
