// @ts-check
// Every message between page and worker. Each carries the id of the request it belongs to; a request gets any number of
// `progress` and then exactly one of `done`, `cancelled`, `failed`, `crashed`. Types alone: nothing loads this file.

/**
 * A recipe as the form holds it: numbers, names and lists by key; text where the user typed something that is no number, and for
 * lists that were typed.
 * @typedef {Record<string, number | string | number[]>} Recipe
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
 * @typedef {{grid: Grid, imported: boolean, has_run: boolean, has_flow: boolean, volume_fractions: number[], particles: number,
 *   coat_coverage: number, voxel_hash: string, analysis: Analysis}} Report
 */

/** What a structure looks like: the phase of each voxel, x fastest. @typedef {{grid: Grid, labels: Uint8Array}} Sketch */

/**
 * A quantity over all particles, weighted by their surface.
 * @typedef {{mean: number, standard_deviation: number, least: number, p10: number, median: number, p90: number, greatest: number}} Distribution
 */

/** @typedef {{voxels: number, clusters: number, largest_fraction: number, connected_fraction: number, percolates: boolean}} Clusters */

/**
 * What a structure tells before any current flows; coverages by phase, as fractions of the NCA's surface.
 * @typedef {object} Analysis
 * @property {Record<string, number>} coverage
 * @property {Record<string, Distribution>} coverage_per_particle
 * @property {number} nca_surface_um2
 * @property {{electronic: Clusters, ionic: Clusters, nca: NcaConnectivity}} connectivity
 */

/**
 * @typedef {object} NcaConnectivity
 * @property {number} active_fraction
 * @property {number} electronically_isolated_fraction
 * @property {number} ionically_isolated_fraction
 * @property {number[]} electronically_isolated_particles numbers of particles
 * @property {number[]} ionically_isolated_particles
 * @property {number[]} weakly_wired_particles
 * @property {number | null} electronic_path_ratio
 */

/**
 * A segmented volume in place of the builder. A file costs nothing to send again, so requests are complete in themselves.
 * @typedef {{key: number, file: File, raw: RawLayout | null, labels: string, voxel_um: number}} Volume
 */

/**
 * What a file without a header holds: voxels along x, y, z, and the type of one.
 * @typedef {{size: [number, number, number], type: 'u8' | 'u16' | 'u16be'}} RawLayout
 */

/** @typedef {{size: [number, number, number], labels: {label: number, voxels: number, phase: string}[]}} FileSummary */

/** @typedef {{conductivity: number[], axis: Axis, periodic: boolean}} FlowRequest */

/**
 * The answer to a flow request; nothing conducts where `percolates` is false.
 * @typedef {{effective_conductivity: number, tortuosity_factor: number, volume_fraction: number, connected_fraction: number,
 *   percolates: boolean, iterations: number, relative_residual: number, flux_imbalance: number, seconds: number}} Transport
 */

/**
 * Where a build stands.
 * @typedef {{stage: string, fraction: number}} BuildProgress
 */

/**
 * Where a discharge stands. `curve` holds the points that are new since the last message, `from` the number of the first: 0
 * when a run begins, or begins again.
 * @typedef {object} RunProgress
 * @property {string} stage in plain words
 * @property {number} fraction 0 to 1
 * @property {number} time_s
 * @property {number} time_steps
 * @property {number} capacity_mah_g
 * @property {number} voltage_v
 * @property {number} from
 * @property {Curve} curve
 */

/** Columns of a run by name, all of one length; runs of earlier versions have charge and voltage alone. @typedef {Record<string, Float64Array>} Curve */

/**
 * The numbers of a run: of its last discharge, and what all steps share.
 * @typedef {Record<string, unknown> & {first_cycle_efficiency?: number | null, steps?: StepSummary[], discharge_capacity_mah_g: number, mean_voltage_v: number | null, energy_wh_kg: number, stop_reason: string | null,
 *   charge_balance_error: number, lithium_balance_error: number, time_steps: number,
 *   worst_time_step?: {number: number, capacity_mah_g: number, voltage_v: number} | null}} Summary
 */

/**
 * A step of a run: what was held, and what came of it.
 * @typedef {{drive: {c_rate: number} | {voltage: number}, capacity_mah_g: number, mean_voltage_v: number | null, final_voltage_v: number,
 *   duration_s: number, stop_reason: string | null}} StepSummary
 */

/**
 * A cross-section; NaN where the field has no value, particle numbers −1 outside NCA.
 * @typedef {{data: Float32Array, particle: Int32Array, rows: number, columns: number, voxel_um: number}} Slice
 */

/** When fields of a run were kept. @typedef {{time_s: number, capacity_mah_g: number, voltage_v: number}} Instant */

/**
 * The three cross-sections that meet in one voxel, the least and greatest value of the volume, which instant they are of (−1 for
 * none) and which there are; of a current density also its arrows.
 * @typedef {{x: Slice, y: Slice, z: Slice, from: number, to: number, instant: number, instants: Instant[], arrows: Arrows | null}} Slices
 */

/**
 * Mean current densities of the blocks of voxels that a section goes through: centre [µm] and vector along x, y and z, six numbers
 * each; the edge of a block, and the current over the electrode's area.
 * @typedef {{x: Float32Array, y: Float32Array, z: Float32Array, edge_um: number, unit: number}} Arrows
 */

/** What the two ends of a colour bar stand for. @typedef {{from: number, to: number, log: boolean}} Scale */

/** @typedef {[number, number, number]} Vector voxels or micrometres along x, y and z */

/**
 * A particle that lacks something; the last two are null without a run.
 * @typedef {{number: number, lacks: 'electrons' | 'ions' | 'weakly_wired' | 'behind', centre_um: Vector, diameter_um: number,
 *   stoichiometry: number | null, state_of_charge: number | null}} Starved
 */

/** @typedef {'x' | 'y' | 'z'} Axis */

/** What a case with a known answer came to. @typedef {{computed: number, passes: boolean, seconds: number}} Outcome */

/**
 * Page to worker. `start` comes first and only once: it brings the compiled module. A worker holds any number of cathodes, each in
 * a slot that the page numbers; `slices`, `field`, `starved`, `labels` and `file` are about what was built last in theirs; `time_s`
 * chooses the nearest instant that was kept of its run, null the newest. `pause` and `resume` are
 * about a run, `rest` about all of a worker, `release` frees a slot.
 * @typedef {{kind: 'start', module: WebAssembly.Module}
 *   | Asked
 *   | {kind: 'cancel' | 'pause' | 'resume', id: number}
 *   | {kind: 'rest', resting: boolean}
 *   | {kind: 'release', slot: number}} Request
 */

/**
 * What gets an answer. A `sketch` is for the eye alone and leaves the slot as it is.
 * @typedef {{kind: 'build', id: number, slot: number, recipe: Recipe, volume: Volume | null}
 *   | {kind: 'sketch', id: number, slot: number, recipe: Recipe}
 *   | {kind: 'run', id: number, slot: number, recipe: Recipe, volume: Volume | null}
 *   | {kind: 'flow', id: number, slot: number, recipe: Recipe, volume: Volume | null, flow: FlowRequest}
 *   | {kind: 'slices', id: number, slot: number, field: string, at: Vector, time_s: number | null}
 *   | {kind: 'field', id: number, slot: number, field: string, time_s: number | null, scale: Scale}
 *   | {kind: 'starved', id: number, slot: number, time_s: number | null}
 *   | {kind: 'labels', id: number, slot: number}
 *   | {kind: 'file', id: number, slot: number, format: string}
 *   | {kind: 'read', id: number, slot: number, file: File, raw: RawLayout | null}
 *   | {kind: 'verify', id: number, slot: number, case: string}} Asked
 */

/**
 * Worker to page. `crashed` without an id means that the worker could not even start.
 * @typedef {{kind: 'ready'}
 *   | {kind: 'progress', id: number, progress: BuildProgress | RunProgress}
 *   | {kind: 'done', id: number, result: Report | Sketch | Summary | Slices | Starved[] | Uint8Array | FileSummary | Transport | Outcome}
 *   | {kind: 'cancelled', id: number}
 *   | {kind: 'failed', id: number, failure: Failure}
 *   | {kind: 'crashed', id: number | null, message: string}} Reply
 */

export {};
