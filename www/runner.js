// @ts-check
// Takes runs of the list through the simulator: the one that is shown, and the others as jobs of the pool.

import { isOpen } from './runs.js';
import { Pause, SimulatorError, isAbort } from './simulator.js';

/** @typedef {import('./runs.js').Run} Run */
/** @typedef {import('./runs.js').Wanted} Wanted */
/** @typedef {import('./messages.js').Volume} Volume */
/** @typedef {import('./simulator.js').Progress} Progress */

/** A remaining time that is told before this much is done would be a guess [share, s]. */
const TOLD_FROM = { fraction: 0.03, seconds: 0.5 };

/**
 * @typedef {object} Under a run under way
 * @property {AbortController} abort
 * @property {Pause} pause
 * @property {boolean} shown
 * @property {boolean} begun has a worker taken it up?
 * @property {number} worked seconds before it was held last
 * @property {number | null} since when it has been worked on again
 */

export class Runner {
  /** @type {Map<Run, Under>} */
  #under = new Map();
  /** Runs that were shown, and went on without. @type {WeakSet<Run>} */
  #left = new WeakSet();

  /**
   * @param {import('./simulator.js').Simulator} simulator
   * @param {import('./runs.js').RunList} list
   * @param {(run: Run, progress: Progress) => void} onProgress of the shown run
   */
  constructor(simulator, list, onProgress) {
    this.simulator = simulator;
    this.list = list;
    this.onProgress = onProgress;
  }

  /** The run that the pictures follow. @returns {Run | null} */
  get shown() {
    for (const [run, { shown }] of this.#under) if (shown) return run;
    return null;
  }

  /**
   * Discharges what is shown.
   * @param {Run} run
   * @param {Volume | null} volume
   */
  show(run, volume) {
    return this.#follow(run, true, (options) => this.simulator.run(run.recipe, volume, options));
  }

  /** Discharges as soon as a worker is idle. @param {Run} run */
  enqueue(run) {
    return this.#follow(run, false, (options) => this.simulator.enqueue(run.recipe, options));
  }

  /** The shown run goes on without being shown. */
  leave() {
    const run = this.shown;
    const under = run && this.#under.get(run);
    if (!under) return;
    under.shown = false;
    this.#left.add(run);
    this.simulator.leave();
  }

  /** @param {Run} run */
  hasLeft(run) {
    return this.#left.has(run);
  }

  /** @param {Run} run */
  cancel(run) {
    this.#under.get(run)?.abort.abort();
  }

  /** @param {Run} run @param {boolean} held */
  hold(run, held) {
    const under = this.#under.get(run);
    if (!under || under.pause.paused === held) return;
    if (under.since !== null) under.worked += (performance.now() - under.since) / 1000;
    under.since = held || !under.begun ? null : performance.now();
    under.pause.set(held);
    this.list.change(run, { state: held ? 'paused' : under.begun ? 'running' : 'waiting', seconds_left: null });
  }

  /**
   * @param {Run} run
   * @param {boolean} shown
   * @param {(options: import('./simulator.js').RequestOptions) => Promise<import('./messages.js').Summary>} ask
   */
  async #follow(run, shown, ask) {
    /** @type {Under} */
    const under = { abort: new AbortController(), pause: new Pause(), shown, begun: false, worked: 0, since: null };
    this.#under.set(run, under);
    try {
      const summary = await ask({
        signal: under.abort.signal,
        pause: under.pause,
        onProgress: (progress) => {
          // What was under way when Cancel was pressed is no longer shown.
          if (under.abort.signal.aborted) return;
          this.#progress(run, under, progress);
          if (under.shown) this.onProgress(run, progress);
        },
      });
      this.list.change(run, { state: 'finished', stage: 'finished', fraction: 1, seconds_left: null, summary });
    } catch (error) {
      if (isAbort(error)) this.list.remove(run);
      else if (error instanceof SimulatorError) this.list.change(run, { state: 'failed', failure: error.failure, seconds_left: null });
      throw error;
    } finally {
      this.#under.delete(run);
    }
  }

  /** @param {Run} run @param {Under} under @param {Progress} progress */
  #progress(run, under, progress) {
    const { paused } = under.pause;
    const again = 'curve' in progress && progress.from === 0;
    if (!under.begun || again) Object.assign(under, { begun: true, worked: 0, since: paused ? null : performance.now() });
    const state = paused ? 'paused' : 'running';
    if (!('curve' in progress)) return this.list.change(run, { state, stage: progress.stage });
    const seconds = under.worked + (under.since === null ? 0 : (performance.now() - under.since) / 1000);
    const { fraction, stage, curve } = progress;
    const told = fraction > TOLD_FROM.fraction && seconds > TOLD_FROM.seconds && !paused;
    this.list.change(run, {
      state,
      stage,
      fraction,
      seconds_left: told ? (seconds * (1 - fraction)) / fraction : null,
      curve: again ? curve : joined(run.curve, curve),
    });
  }

  /** Ends all that the list does not have any more, or never had. @param {(run: Run) => boolean} which */
  cancelAll(which) {
    for (const run of this.list.runs) if (isOpen(run) && which(run)) this.cancel(run);
  }
}

/**
 * Each column of one after that of the other.
 * @param {import('./messages.js').Curve} a
 * @param {import('./messages.js').Curve} b
 */
function joined(a, b) {
  return Object.fromEntries(
    Object.entries(b).map(([name, more]) => {
      const both = new Float64Array(a[name].length + more.length);
      both.set(a[name]);
      both.set(more, a[name].length);
      return [name, both];
    }),
  );
}

/** A time as people say it. @param {number} seconds */
export const duration = (seconds) =>
  seconds < 10 ? `${Math.ceil(seconds)} s` : seconds < 90 ? `${5 * Math.ceil(seconds / 5)} s` : `${Math.ceil(seconds / 60)} min`;
