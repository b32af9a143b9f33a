// @ts-check
// The paper's electrodes at the paper's rates: which discharges its figures need, and which of them are there.

/** @typedef {import('./views/form.js').Preset} Preset */
/** @typedef {import('./runs.js').Run} Run */

/** Voxels at which all of them take about two minutes [um]. */
const VOXEL_UM = 1;

/** What the share of LYC does to capacity and energy (Fig. 2e), and what carbon in the coat does (Fig. 7c). */
export const FIGURES = [
  { id: 'halide', electrodes: ['bare', 'lyc-3', 'lyc-5', 'lyc-7', 'lyc-10', 'lyc-12', 'lyc-14', 'lyc-43'] },
  { id: 'cure', electrodes: ['lyc-14', 'lyc-c-14'] },
];
export const RATES = [0.1, 2];

/**
 * One number of a figure: computed if its run has finished, measured if the paper tells.
 * @typedef {{c_rate: number, run: Run | null, capacity: number | null, measured: number | null}} Point
 */

/**
 * The fast discharges came after some cycles, when the impurity layer had grown.
 * @param {Preset} preset @param {number} c_rate
 */
const recipeOf = (preset, c_rate) => ({
  ...preset.recipe,
  voxel_um: VOXEL_UM,
  c_rate,
  ...(c_rate > RATES[0] && { film_growth: preset.film_growth }),
});

/** Every discharge that the figures need, once. @param {Preset[]} presets */
export function paperRuns(presets) {
  const names = new Set(FIGURES.flatMap(({ electrodes }) => electrodes));
  const chosen = presets.filter(({ name }) => names.has(name));
  return RATES.flatMap((c_rate) => chosen.map((preset) => ({ preset, recipe: recipeOf(preset, c_rate) })));
}

/**
 * The rows of a figure.
 * @param {string} id
 * @param {Preset[]} presets
 * @param {import('./runs.js').RunList} list
 * @returns {{preset: Preset, points: Point[]}[]}
 */
export function figure(id, presets, list) {
  const electrodes = FIGURES.find((one) => one.id === id)?.electrodes ?? [];
  return presets
    .filter(({ name }) => electrodes.includes(name))
    .map((preset) => ({
      preset,
      points: RATES.map((c_rate) => {
        const run = list.find(recipeOf(preset, c_rate));
        const capacity = run?.summary?.discharge_capacity_mah_g ?? null;
        return { c_rate, run, capacity, measured: preset.measured[String(c_rate)] ?? null };
      }),
    }));
}
