// @ts-check
// Discharges of what is on the bench: asked for, begun by themselves, on finer voxels, or out of sight.

import { debounce } from './dom.js';
import { duration } from './runner.js';
import { sameRecipe } from './runs.js';
import { SimulatorError, isAbort } from './simulator.js';
import { sketchOf } from './sketch.js';
import { keepSettings } from './storage.js';
import { stopReason } from './views/tables.js';

/** @typedef {import('./runs.js').Run} Run */

/** A discharge begins by itself when its structure has been there for so long [ms]. */
const LIVE_MS = 100;

/**
 * What else there is on the page.
 * @typedef {object} Parts
 * @property {typeof import('./pkg/catholyte.js')} module
 * @property {import('./runs.js').RunList} list
 * @property {import('./runner.js').Runner} runner
 * @property {import('./specimen.js').Specimen} specimen
 * @property {import('./views/run-bar.js').RunBar} bar
 * @property {import('./views/slices.js').Slices} slices
 * @property {import('./storage.js').Settings} settings
 */

/**
 * @typedef {object} Hooks
 * @property {() => void} onResult the discharge that fills the bar has finished
 * @property {(error: unknown) => void} onFail
 */

export class Discharges {
  /** The run whose fields are shown. @type {Run | null} */
  discharged = null;

  /** @param {import('./bench.js').Bench} bench @param {Parts} parts @param {Hooks} hooks */
  constructor(bench, parts, hooks) {
    this.bench = bench;
    this.parts = parts;
    this.hooks = hooks;
  }

  /** What a run of the recipe of the moment begins with. @param {boolean} live */
  #wanted(live) {
    const { bench } = this;
    const { recipe } = /** @type {import('./views/tables.js').Checked} */ (bench.checked);
    return { title: bench.title(), preset: bench.form.base.name, recipe, file: bench.imported?.file.name ?? null, live };
  }

  /** Buttons follow what can be done. */
  enable() {
    const { bench, parts: { runner: { shown }, bar } } = this;
    bar.enable({ canRun: bench.checked !== null && (shown === null || shown.live), running: shown !== null, paused: shown?.state === 'paused' });
  }

  /** The discharge that was asked for. */
  async run() {
    const { bench, parts: { runner: { shown }, list, bar } } = this;
    if (!bench.checked) return;
    // It is under way by itself; now it stays.
    if (shown?.live && list.runs.includes(shown)) {
      list.change(shown, { live: false });
      return this.enable();
    }
    if (shown) return;
    bar.warn(null);
    await this.#discharge(list.add(this.#wanted(false)));
  }

  /** Pauses or resumes. */
  pause() {
    const { runner } = this.parts;
    if (runner.shown) runner.hold(runner.shown, runner.shown.state !== 'paused');
  }

  cancel() {
    const { runner } = this.parts;
    if (runner.shown) runner.cancel(runner.shown);
  }

  /** Another recipe: its discharge is given up if it began by itself; else it goes on out of sight. */
  makeWay() {
    const { bench: { checked }, parts: { runner, specimen } } = this;
    const { shown } = runner;
    if (shown && !(checked && sameRecipe(shown.recipe, checked.recipe))) {
      if (shown.live && !shown.pinned) runner.cancel(shown);
      else {
        runner.leave();
        specimen.builder.has(null);
      }
    }
    runner.cancelAll((run) => run.live && !run.pinned && run !== runner.shown);
  }

  /** @param {Run} current a run of the recipe of the moment */
  async #discharge(current) {
    const { bench, parts: { runner, specimen, bar, slices }, hooks } = this;
    bench.answered = null;
    bar.say('Setting up', '', 0);
    const done = runner.show(current, bench.imported);
    this.enable();
    try {
      await done;
      // Something else is on the bench by now.
      if (runner.hasLeft(current)) return;
      slices.refresh();
      bench.answered = current.recipe;
      bench.result = current.summary;
      this.sayResult();
      hooks.onResult();
    } catch (error) {
      if (runner.hasLeft(current)) return this.#failUnseen(error);
      if (isAbort(error) && !runner.shown) bar.say(current.live ? 'Ready' : 'Cancelled', '', 0);
      hooks.onFail(error);
    } finally {
      this.enable();
      if (!runner.shown && !runner.hasLeft(current)) specimen.ensure();
    }
  }

  /** What the recipe's discharge came to. */
  sayResult() {
    const { bench, parts: { bar } } = this;
    const { discharge_capacity_mah_g, time_steps, stop_reason } = /** @type {import('./messages.js').Summary} */ (bench.result);
    bar.say('Finished', `${discharge_capacity_mah_g.toFixed(1)} mAh/g in ${time_steps} time steps, ended by ${stopReason(stop_reason)}`, 1);
  }

  /** A run out of sight leaves the bar alone. @param {unknown} error */
  #failUnseen(error) {
    if (isAbort(error)) return;
    if (!(error instanceof SimulatorError)) throw error;
    this.parts.bar.warn(error.failure);
  }

  /** A discharge that begins by itself: of the recipe, or of a coarse one if that would take long. */
  liveSoon = debounce(LIVE_MS, () => {
    const { bench: { checked, imported, form }, parts: { module, list, runner, settings } } = this;
    if (!settings.live || !checked || imported || runner.shown) return;
    const sketch = sketchOf(module, checked);
    if (!sketch) {
      const known = list.find(checked.recipe);
      // What is in the list already is computed again for its fields, not listed twice.
      if (known) return void this.#discharge({ ...known, live: true, pinned: false, state: 'waiting', curve: {} });
      return void this.#discharge(list.add(this.#wanted(true)));
    }
    if (!list.find(sketch)) void this.enqueue({ ...this.#wanted(true), recipe: sketch, title: form.title(sketch) });
  });

  /** Are discharges to begin by themselves? @param {boolean} live */
  setLive(live) {
    const { bench: { checked }, parts: { runner, specimen, settings } } = this;
    settings.live = live;
    keepSettings(settings);
    if (live && checked) specimen.builder.want(checked);
    else runner.cancelAll((run) => run.live && !run.pinned);
    if (!live && runner.shown?.live) runner.cancel(runner.shown);
  }

  /** A run out of sight. @param {import('./runs.js').Wanted} wish */
  async enqueue(wish) {
    const { runner, list } = this.parts;
    try {
      await runner.enqueue(list.add(wish));
    } catch (error) {
      this.#failUnseen(error);
    }
  }

  /** @param {number} voxel_um */
  runFiner(voxel_um) {
    const { bench: { checked, form }, parts: { module, bar } } = this;
    if (!checked) return;
    const answer = module.check_recipe({ ...checked.recipe, voxel_um });
    if (answer.issues) {
      const [{ allowed, hint }] = answer.issues;
      return bar.warn({ code: 'recipe', stage: 'checking the recipe', message: `A voxel of ${voxel_um} µm: allowed is ${allowed}.`, hint });
    }
    void this.enqueue({ ...this.#wanted(false), recipe: answer.recipe, title: form.title(answer.recipe) });
  }

  /**
   * The run that is shown has come so far.
   * @param {Run} current
   * @param {import('./simulator.js').Progress} progress
   */
  follow(current, progress) {
    const { specimen, bar, slices } = this.parts;
    const stage = progress.stage[0].toUpperCase() + progress.stage.slice(1);
    if (!('curve' in progress)) return bar.say('Building the structure', progress.stage, progress.fraction);
    // Before the first step there is a point of the curve, but no field.
    if (progress.time_steps) {
      const begins = this.discharged !== current;
      slices.allow('run', true);
      this.discharged = current;
      specimen.builder.has(current.recipe);
      if (begins) slices.suggest('stoichiometry');
      else slices.refresh();
    }
    const steps = progress.time_steps === 1 ? '1 time step' : `${progress.time_steps} time steps`;
    const left = current.seconds_left === null ? '' : `, ${duration(current.seconds_left)} left`;
    const text = `${Math.round(100 * progress.fraction)} %${left}, ${steps}, ${progress.capacity_mah_g.toFixed(1)} mAh/g at ${progress.voltage_v.toFixed(3)} V`;
    bar.say(stage, text, progress.fraction);
  }
}
