// @ts-check
// Every message between page and worker. Each carries the id of the request it belongs to; a request gets any number of
// `progress` and then exactly one of `done`, `cancelled`, `failed`, `crashed`.

/**
 * A recipe as the form holds it: numbers and names by key; text where the user typed something that is no number.
 * @typedef {Record<string, number | string>} Recipe
 */

/**
 * One fault of a recipe.
 * @typedef {{path: string, value: unknown, allowed: string, hint: string}} RecipeIssue
 */

/**
 * Why a request failed. `issues` is there when the recipe is at fault.
 * @typedef {{code: string, stage: string, message: string, hint: string, issues?: RecipeIssue[]}} Failure
 */

/** @typedef {{size: [number, number, number], voxel_um: number}} Grid */

/**
 * The structure in numbers.
 * @typedef {{grid: Grid, has_run: boolean, volume_fractions: number[], particles: number, coat_coverage: number, voxel_hash: string}} Report
 */

/**
 * Where a build stands.
 * @typedef {{stage: string, fraction: number}} BuildProgress
 */

/**
 * Where a discharge stands. `curve` holds the points that are new since the last message.
 * @typedef {object} RunProgress
 * @property {string} stage in plain words
 * @property {number} fraction 0 to 1
 * @property {number} time_s
 * @property {number} time_steps
 * @property {number} capacity_mah_g
 * @property {number} voltage_v
 * @property {{capacity: Float64Array, voltage: Float64Array}} curve
 */

/**
 * The numbers of a discharge.
 * @typedef {Record<string, unknown> & {discharge_capacity_mah_g: number, mean_voltage_v: number, stop_reason: string | null,
 *   charge_balance_error: number, lithium_balance_error: number, time_steps: number}} Summary
 */

/**
 * A cross-section; NaN where the field has no value.
 * @typedef {{data: Float32Array, rows: number, columns: number, voxel_um: number, from: number, to: number}} Slice
 */

/** @typedef {'x' | 'y' | 'z'} Axis */

/**
 * Page to worker. `start` comes first and only once: it brings the compiled module.
 * @typedef {{kind: 'start', module: WebAssembly.Module}
 *   | {kind: 'build', id: number, recipe: Recipe}
 *   | {kind: 'run', id: number, recipe: Recipe}
 *   | {kind: 'slice', id: number, field: string, axis: Axis, index: number}
 *   | {kind: 'cancel', id: number}} Request
 */

/**
 * Worker to page. `crashed` without an id means that the worker could not even start.
 * @typedef {{kind: 'ready'}
 *   | {kind: 'progress', id: number, progress: BuildProgress | RunProgress}
 *   | {kind: 'done', id: number, result: Report | Summary | Slice}
 *   | {kind: 'cancelled', id: number}
 *   | {kind: 'failed', id: number, failure: Failure}
 *   | {kind: 'crashed', id: number | null, message: string}} Reply
 */

export {};
