// @ts-check
// Wires form, simulator and views together.

import init, * as module from './pkg/catholyte.js';
import { compile } from './compile.js';
import { byId, debounce, element } from './dom.js';
import { Simulator, SimulatorError, isAbort } from './simulator.js';
import { sketchOf } from './sketch.js';
import { setUpTheme } from './theme.js';
import { setUpFiles } from './views/files.js';
import { Flow } from './views/flow.js';
import { Form } from './views/form.js';
import { Import } from './views/import.js';
import { Plots, join } from './views/plots.js';
import { RunBar } from './views/run-bar.js';
import { Slices } from './views/slices.js';
import { showStructure } from './views/structure.js';
import { VolumeView } from './views/volume.js';
import { showComposition, showRuns, stopReason } from './views/tables.js';

/** @typedef {import('./views/plots.js').Run} Run */

const FIRST_PRESET = 'lyc-10';
/** A knob that is being turned is not followed step by step [ms]. */
const QUIET_MS = 120;

async function start() {
  const compiled = await compile();
  await init({ module_or_path: compiled });

  /** @type {import('./views/form.js').Preset[]} */
  const presets = module.presets();
  const simulator = new Simulator(compiled, (crash) => {
    // The worker's structure is gone with it. It is not built anew at once: what crashed once would crash again.
    report = null;
    built = null;
    if (crash) bar.warn(crash);
  });
  const slices = new Slices(module, simulator, () => volume.showCut());
  const volume = new VolumeView(simulator, slices);
  const plots = new Plots(module);
  /** A structure from a file, in place of the builder. @type {import('./messages.js').Volume | null} */
  let imported = null;
  const files = new Import(simulator, styles, take, release);
  const flow = new Flow((request, what) => void conduct(request, what), () => flowing?.abort());
  /** @type {AbortController | null} */
  let flowing = null;
  setUpFiles(module.file_formats(), simulator, fail);
  const bar = new RunBar((rate) => form.set('c_rate', rate), () => void run(), () => running?.abort());

  /** @type {Run[]} */
  let runs = [];
  let nextRun = 0;
  /** @type {AbortController | null} */
  let running = null;
  /** @type {AbortController | null} */
  let building = null;
  /** @type {import('./views/tables.js').Checked | null} null while the recipe has faults */
  let checked = null;
  /** @type {import('./messages.js').Report | null} */
  let report = null;
  /** The recipe of the structure that the worker has. @type {import('./messages.js').Recipe | null} */
  let built = null;

  const form = new Form(
    module.fields(),
    presets,
    presets.find((p) => p.name === FIRST_PRESET) ?? presets[0],
    module.new_seed,
    () => check(),
  );

  function check() {
    const answer = module.check_recipe(form.recipe);
    form.showIssues(answer.issues ?? []);
    checked = answer.issues ? null : answer;
    bar.showRate(form.recipe.c_rate);
    bar.enable({ canRun: checked !== null, running: running !== null });
    if (!checked) {
      building?.abort();
      const faults = answer.issues.length === 1 ? '1 fault is marked' : `${answer.issues.length} faults are marked`;
      if (!running) bar.say('The recipe cannot be built', faults, 0);
      return;
    }
    tell(checked, imported ? report : null);
    buildSoon();
  }

  /** @param {unknown} error */
  function fail(error) {
    if (isAbort(error)) return;
    if (!(error instanceof SimulatorError)) throw error;
    if (error.failure.issues) form.showIssues(error.failure.issues);
    bar.say('Failed', error.message, 0);
    bar.warn(error.failure);
  }

  /** Names and colours of the phases. @returns {import('./views/slices.js').PhaseStyle[]} */
  function styles() {
    return module.phase_styles(String((checked?.recipe ?? form.base.recipe).halide));
  }

  /**
   * Numbers of the mixture and, once there, of its structure.
   * @param {import('./views/tables.js').Checked} wanted
   * @param {import('./messages.js').Report | null} found
   */
  function tell(wanted, found) {
    showComposition(module, wanted, found);
    const { title, carbon_coverage: carbon } = form.base;
    const reference = carbon !== null && !imported && form.isPreset() ? { title, carbon } : null;
    showStructure(styles(), found, reference);
    flow.setMaterials(styles(), module.conductivities(wanted.recipe));
    files.show(imported, found?.grid ?? null);
  }

  /**
   * A structure is there: shows all of it.
   * @param {import('./views/tables.js').Checked} wanted
   * @param {import('./messages.js').Report} found
   */
  function show(wanted, found) {
    report = found;
    built = wanted.recipe;
    tell(wanted, found);
    void draw(found, wanted);
  }

  /** @param {import('./messages.js').Volume} volume */
  async function take(volume) {
    const wanted = checked ?? module.check_recipe(form.base.recipe);
    building?.abort();
    const found = await simulator.build(wanted.recipe, volume);
    imported = volume;
    show(wanted, found);
    if (!running) bar.say('Ready', '', 0);
  }

  function release() {
    imported = null;
    files.show(null, null);
    check();
  }

  /** @param {import('./messages.js').FlowRequest} request @param {string} what */
  async function conduct(request, what) {
    if (!checked || flowing) return;
    flowing = new AbortController();
    flow.enable(true);
    flow.say('Computing …');
    try {
      const where = imported ? imported.file.name : form.title();
      flow.add(await simulator.flow(checked.recipe, imported, request, { signal: flowing.signal }), request, what, where);
      const answer = await simulator.build(checked.recipe, imported);
      flow.say(answer.has_flow ? 'The cross-section shows the current density.' : 'No path joins the two ends.');
      slices.allow('flow', answer.has_flow);
      if (answer.has_flow) slices.show('flux');
    } catch (error) {
      flow.say(isAbort(error) ? 'Cancelled.' : '');
      fail(error);
      if (!report) void build();
    } finally {
      flowing = null;
      flow.enable(false);
    }
  }

  /** @param {boolean} [quiet] leaves what is said beside the bar */
  async function build(quiet = false) {
    if (!checked) return;
    const wanted = checked;
    building?.abort();
    const { signal } = (building = new AbortController());
    let announced = !quiet && running === null;
    if (announced) bar.say('Building the structure', '', 0);
    /** @type {import('./simulator.js').RequestOptions} */
    const options = {
      signal,
      onProgress: ({ stage, fraction }) => announced && !running && bar.say('Building the structure', stage, fraction),
    };
    try {
      const sketch = imported || running || (built && module.same_structure(built, wanted.recipe)) ? null : sketchOf(module, wanted);
      if (sketch) {
        built = null;
        const rough = await simulator.build(sketch, null, options);
        await draw(rough, wanted);
        if (signal.aborted) return;
        // A run that was begun meanwhile goes first, and its result is not talked over.
        announced &&= running === null;
      }
      const found = await simulator.build(wanted.recipe, imported, options);
      built = wanted.recipe;
      if (signal.aborted) return;
      show(wanted, found);
      if (announced && !running) bar.say('Ready', '', 0);
    } catch (error) {
      fail(error);
    }
  }

  /** @param {import('./messages.js').Report} found @param {import('./views/tables.js').Checked} wanted */
  async function draw(found, wanted) {
    await Promise.all([slices.setStructure(found, String(wanted.recipe.halide)), volume.setStructure(found, styles())]);
  }
  const buildSoon = debounce(QUIET_MS, () => void build());

  async function run() {
    if (!checked || running) return;
    const wanted = checked;
    const controller = new AbortController();
    running = controller;
    bar.warn(null);
    bar.enable({ canRun: true, running: true });
    bar.say('Setting up', '', 0);
    /** @type {Run} */
    const current = {
      id: nextRun,
      title: imported ? imported.file.name : form.title(),
      c_rate: Number(wanted.recipe.c_rate),
      colour: nextRun,
      dashed: Math.floor(nextRun / module.curve_colours(false).length) % 2 === 1,
      capacity: new Float64Array(0),
      voltage: new Float64Array(0),
      summary: null,
    };
    runs = [...runs, current];
    nextRun += 1;
    plots.show(runs);
    try {
      current.summary = await simulator.run(wanted.recipe, imported, {
        signal: controller.signal,
        onProgress: (progress) => {
          // What was under way when Cancel was pressed is no longer shown.
          if (!controller.signal.aborted) follow(current, progress);
        },
      });
      const { discharge_capacity_mah_g, time_steps, stop_reason } = current.summary;
      bar.say('Finished', `${discharge_capacity_mah_g.toFixed(1)} mAh/g in ${time_steps} time steps, ended by ${stopReason(stop_reason)}`, 1);
    } catch (error) {
      runs = runs.filter((other) => other !== current);
      if (isAbort(error)) bar.say('Cancelled', '', 0);
      fail(error);
    } finally {
      running = null;
      bar.enable({ canRun: checked !== null, running: false });
      showAll();
      void slices.refresh();
      if (!report) void build(current.summary !== null);
    }
  }

  /**
   * @param {Run} current
   * @param {import('./simulator.js').Progress} progress
   */
  function follow(current, progress) {
    const stage = progress.stage[0].toUpperCase() + progress.stage.slice(1);
    if (!('curve' in progress)) return bar.say('Building the structure', progress.stage, progress.fraction);
    const { curve, ...now } = progress;
    if (curve.capacity.length) {
      const first = current.capacity.length === 0;
      current.capacity = join(current.capacity, curve.capacity);
      current.voltage = join(current.voltage, curve.voltage);
      plots.redraw();
      slices.allow('run', true);
      if (first) slices.suggest('stoichiometry');
      else void slices.refresh();
    }
    const steps = now.time_steps === 1 ? '1 time step' : `${now.time_steps} time steps`;
    bar.say(stage, `${Math.round(100 * now.fraction)} %, ${steps}, ${now.capacity_mah_g.toFixed(1)} mAh/g at ${now.voltage_v.toFixed(3)} V`, now.fraction);
  }

  function showAll() {
    plots.show(runs);
    showRuns(module, runs, (gone) => {
      runs = runs.filter((other) => other !== gone);
      showAll();
    });
  }

  setUpTheme(/** @type {HTMLButtonElement} */ (byId('theme')), () => {
    slices.redraw();
    volume.redraw();
    showAll();
  });
  check();
}

start().catch((/** @type {unknown} */ error) => {
  const banner = byId('banner');
  banner.hidden = false;
  banner.replaceChildren(element('p', {}, element('strong', {}, 'The page could not start. '), String(error)));
  byId('progress-text').textContent = 'Not available';
  throw error;
});
