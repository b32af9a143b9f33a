// @ts-check
// Wires form, simulator, runs and views together.

import init, * as module from './pkg/catholyte.js';
import { Builder } from './builder.js';
import { compile } from './compile.js';
import { byId, debounce, element } from './dom.js';
import { embedded, setUpEmbedding } from './embed.js';
import { History } from './history.js';
import { iconButton } from './icons.js';
import { setUpKeyboard } from './keyboard.js';
import { BadLink, Links } from './link.js';
import { Runner, duration } from './runner.js';
import { RunList, isOpen, sameRecipe } from './runs.js';
import { Simulator, SimulatorError, isAbort } from './simulator.js';
import { sketchOf } from './sketch.js';
import { keepRuns, keepSettings, keptRuns, keptSettings } from './storage.js';
import { setUpTheme } from './theme.js';
import { oneAFrame } from './views/canvas.js';
import { AXES, Cursor } from './views/cursor.js';
import { setUpFiles, setUpRunFiles } from './views/files.js';
import { Flow } from './views/flow.js';
import { Form } from './views/form.js';
import { Import } from './views/import.js';
import { KINDS, Plots } from './views/plots.js';
import { RunBar } from './views/run-bar.js';
import { RunTable } from './views/run-list.js';
import { Slices } from './views/slices.js';
import { Rails } from './views/rails.js';
import { showStructure } from './views/structure.js';
import { showComposition, stopReason } from './views/tables.js';

/** @typedef {import('./runs.js').Run} Run */
/** @typedef {import('./messages.js').Recipe} Recipe */

const FIRST_PRESET = 'lyc-10';
/** A discharge begins by itself when its structure has been there for so long [ms]. */
const LIVE_MS = 100;
/** Runs are kept in the browser's storage this long after the last change [ms]. */
const KEEP_MS = 400;
/** The rest of the page is fetched after this, even if there is no structure to paint [ms]. */
const LATER_MS = 2000;
/** The address follows the view this long after the last change [ms]. */
const VIEW_MS = 250;

async function start() {
  const compiled = await compile();
  const simulator = new Simulator(compiled);
  // Its worker gets ready while this thread does.
  simulator.warm();
  await init({ module_or_path: compiled });

  /** @type {import('./views/form.js').Preset[]} */
  const presets = module.presets();
  const settings = keptSettings();
  simulator.onLost = (crash) => {
    // The structure is gone with its worker. It is not built anew at once: what crashed once would crash again.
    report = null;
    builder.has(null);
    if (crash) bar.warn(crash);
  };
  const list = new RunList(module.about().version, module.curve_colours(false).length);
  const runner = new Runner(simulator, list, follow);
  const slices = new Slices(module, simulator, new Cursor());
  const plots = new Plots(module);
  /** The run whose fields are shown. @type {Run | null} */
  let discharged = null;
  slices.addEventListener('shown', () => plots.point(discharged, slices.instant));
  /** A structure from a file, in place of the builder. @type {import('./messages.js').Volume | null} */
  let imported = null;
  const files = new Import(simulator, styles, take, release);
  const flow = new Flow((request, what) => void conduct(request, what), () => flowing?.abort());
  const rails = new Rails((materials) => simulator.rails(/** @type {import('./views/tables.js').Checked} */ (checked).recipe, imported, materials));
  /** @type {AbortController | null} */
  let flowing = null;
  /** Does the structure that is shown have a current to draw? */
  let hasFlux = false;
  const enableFiles = setUpFiles(module.file_formats(), simulator, fail);
  const bar = new RunBar(
    {
      onRate: (rate) => form.set('c_rate', rate),
      onRun: () => void run(),
      onRunFiner: runFiner,
      onPause: pause,
      onCancel: cancel,
      onLive: setLive,
    },
    settings.live,
  );

  /** @type {import('./views/tables.js').Checked | null} null while the recipe has faults */
  let checked = null;
  /** @type {import('./messages.js').Report | null} */
  let report = null;
  /** The recipe of the result beside the bar. @type {Recipe | null} */
  let answered = null;
  /** What it came to. @type {import('./messages.js').Summary | null} */
  let result = null;
  const isAnswered = () => checked !== null && answered !== null && sameRecipe(checked.recipe, answered);

  const first = presets.find((p) => p.name === FIRST_PRESET) ?? presets[0];
  const form = new Form(module.fields(), presets, first, module.new_seed, module.unused_fields, (knob) => change(knob));
  const links = new Links(form.fields, presets, first, (recipe) => module.check_recipe(recipe).issues ?? [], {
    cut: AXES,
    show: slices.views.map(({ key }) => key),
    chart: KINDS.map(([key]) => key),
    over: plots.overs,
  });
  const link = () => links.write(form.state, { ...slices.state, ...plots.state });
  const builder = new Builder(module, simulator, () => imported, {
    onStage: (stage, fraction) => {
      // A discharge that waits for its structure has nothing else to tell.
      const silent = runner.shown ? runner.shown.state !== 'waiting' : isAnswered();
      if (!silent) bar.say('Building the structure', stage, fraction);
    },
    onSketch: showSketch,
    onBuilt: (found, wanted) => {
      show(wanted, found);
      // A structure that was made after its run does not talk over the result.
      if (runner.shown || isAnswered()) return;
      bar.say('Ready', '', 0);
      if (settings.live) liveSoon();
    },
    onFail: fail,
  });

  const tellAround = setUpEmbedding({
    state: () => ({ link: link(), preset: form.base.name, recipe: form.recipe, result: isAnswered() ? result : null }),
    set: (name, fields) => {
      const preset = presets.find((one) => one.name === (name ?? form.base.name));
      if (!preset) return `There is no electrode ${String(name).slice(0, 40)}.`;
      if (fields !== undefined && (typeof fields !== 'object' || fields === null)) return 'The recipe is no object.';
      const recipe = { ...preset.recipe, ...fields };
      const [issue] = module.check_recipe(recipe).issues ?? [];
      if (issue) return `${issue.path}: allowed is ${issue.allowed}. ${issue.hint}`;
      form.apply({ preset, recipe });
      change(null);
      return null;
    },
    onSeen: (now) => {
      seen = now;
      restOutOfSight();
    },
  });
  /** Is an embedded page in view? */
  let seen = true;
  /** Runs that wait to be seen. @type {Set<Run>} */
  const resting = new Set();

  /** Nobody waits for a picture that is out of sight. */
  function restOutOfSight() {
    for (const one of seen ? resting : list.runs) {
      if (seen) resting.delete(one);
      else if (!isOpen(one) || one.state === 'paused') continue;
      else resting.add(one);
      runner.hold(one, !seen);
    }
  }

  // The recipe -----------------------------------------------------------------------------------------------------------------

  /** @type {History<import('./link.js').State>} */
  let history;
  const undo = iconButton('undo', 'Undo (Ctrl+Z)', () => step(-1));
  const redo = iconButton('redo', 'Redo (Ctrl+Shift+Z)', () => step(1));
  byId('steps').prepend(undo, redo);

  /** Takes the state of the address, or says why it cannot be taken. */
  function followLink() {
    let state;
    try {
      state = links.read(location.hash);
    } catch (error) {
      if (!(error instanceof BadLink)) throw error;
      bar.warn({ code: 'link', stage: 'following the link', message: error.message, hint: 'The usual electrode is shown instead.' });
      state = links.read('');
      window.history.replaceState(null, '', location.pathname + location.search);
    }
    if (!state) return;
    form.apply(state);
    slices.restore(state.view);
    plots.restore(state.view);
  }

  /** What is looked at takes no place of its own in the browser's history. */
  const keepView = debounce(VIEW_MS, () => {
    // The name of a place on the page stays.
    if (checked && /^(#v|$)/.test(location.hash) && location.hash !== link()) window.history.replaceState(null, '', location.pathname + location.search + link());
  });
  slices.addEventListener('shown', keepView);
  plots.addEventListener('change', keepView);

  /** @param {string | null} knob */
  function change(knob) {
    check();
    if (!checked) return;
    const own = history.record(form.state, knob);
    address(own);
  }

  /** @param {boolean} own is it a place of its own in the browser's history? */
  function address(own) {
    const url = location.pathname + location.search + link();
    if (own && embedded === null) window.history.pushState(null, '', url);
    else window.history.replaceState(null, '', url);
    undo.disabled = !history.canUndo;
    redo.disabled = !history.canRedo;
    tellAround('state');
  }

  /** @param {1 | -1} direction */
  function step(direction) {
    // A recipe with faults is no step: undo leads back to the last one without.
    if (direction === 1 || checked) history.move(direction);
    form.apply(history.state);
    check();
    address(true);
  }

  function check() {
    const answer = module.check_recipe(form.recipe);
    form.showIssues(answer.issues ?? []);
    checked = answer.issues ? null : answer;
    bar.showTest(form.recipe);
    bar.showFiner(checked && !imported ? checked.recipe.voxel_um : null);
    makeWay();
    enable();
    if (!checked) {
      builder.drop();
      const faults = answer.issues.length === 1 ? '1 fault is marked' : `${answer.issues.length} faults are marked`;
      if (!runner.shown) bar.say('The recipe cannot be built', faults, 0);
      return;
    }
    if (!isAnswered()) answered = null;
    tell(checked, imported ? report : null);
    builder.want(checked);
  }

  /** A discharge of another recipe is given up if it began by itself; else it goes on out of sight. */
  function makeWay() {
    const { shown } = runner;
    if (shown && !(checked && sameRecipe(shown.recipe, checked.recipe))) {
      if (shown.live && !shown.pinned) runner.cancel(shown);
      else {
        runner.leave();
        builder.has(null);
      }
    }
    runner.cancelAll((run) => run.live && !run.pinned && run !== runner.shown);
  }

  /** @param {unknown} error */
  function fail(error) {
    if (isAbort(error)) return;
    if (!(error instanceof SimulatorError)) throw error;
    if (error.failure.issues) form.showIssues(error.failure.issues);
    bar.say('Failed', error.message, 0);
    bar.warn(error.failure);
  }

  // The structure ---------------------------------------------------------------------------------------------------------------

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
    const materials = module.conductivities(wanted.recipe);
    flow.setMaterials(styles(), materials);
    rails.about(found?.voxel_hash ?? null, materials);
    files.show(imported, found?.grid ?? null);
    enableFiles(found !== null);
  }

  /**
   * A structure is there: shows all of it.
   * @param {import('./views/tables.js').Checked} wanted
   * @param {import('./messages.js').Report} found
   */
  function show(wanted, found) {
    report = found;
    tell(wanted, found);
    keepFlux(found.has_flow);
    slices.setStructure(found, String(wanted.recipe.halide));
    const labels = simulator.labels();
    // A structure that is gone meanwhile is nobody's concern.
    labels.catch(() => {});
    void later.then(({ volume }) => volume.setStructure(found.grid, labels, styles()));
  }

  /** @param {import('./messages.js').Sketch} sketch @param {import('./views/tables.js').Checked} wanted */
  function showSketch(sketch, wanted) {
    keepFlux(false);
    void later.then(({ volume }) => volume.setStructure(sketch.grid, Promise.resolve(sketch.labels), styles()));
    slices.setSketch(sketch, String(wanted.recipe.halide));
  }

  /** @param {boolean} there does what is shown have a current to draw? */
  function keepFlux(there) {
    if (hasFlux && !there) flow.say('');
    hasFlux &&= there;
  }

  /** @param {import('./messages.js').Volume} taken */
  async function take(taken) {
    const wanted = checked ?? module.check_recipe(form.base.recipe);
    builder.drop();
    if (runner.shown) runner.leave();
    const found = await simulator.build(wanted.recipe, taken);
    imported = taken;
    answered = null;
    builder.has(null);
    bar.showFiner(null);
    show(wanted, found);
    if (!runner.shown) bar.say('Ready', '', 0);
  }

  function release() {
    imported = answered = null;
    builder.has(null);
    files.show(null, null);
    check();
  }

  /** @param {import('./messages.js').FlowRequest} request @param {string} what */
  async function conduct(request, what) {
    if (!checked || flowing) return;
    const [{ recipe }, volume, where] = [checked, imported, imported ? imported.file.name : form.title()];
    flowing = new AbortController();
    flow.enable(true);
    flow.say(runner.shown ? 'Waiting for the discharge to end …' : 'Computing …');
    try {
      const found = await simulator.flow(recipe, volume, request, { signal: flowing.signal });
      flow.add(found, request, what, where);
      // With the structure its current is gone.
      const there = imported === volume && (volume !== null || (checked !== null && module.same_structure(recipe, checked.recipe)));
      if (!there) return flow.say('The structure has changed since: this was the one before.');
      flow.say(found.percolates ? 'The cross-section shows the current density.' : 'No path joins the two ends.');
      hasFlux = found.percolates;
      builder.has(recipe);
      slices.allow('flow', hasFlux);
      if (hasFlux) slices.show('flux');
    } catch (error) {
      flow.say(isAbort(error) ? 'Cancelled.' : '');
      slices.allow('flow', false);
      fail(error);
      if (!report && checked) builder.want(checked);
    } finally {
      flowing = null;
      flow.enable(false);
    }
  }

  // Discharges ------------------------------------------------------------------------------------------------------------------

  /** @param {boolean} live */
  function wanted(live) {
    const { recipe } = /** @type {import('./views/tables.js').Checked} */ (checked);
    return { title: imported ? imported.file.name : form.title(), preset: form.base.name, recipe, file: imported?.file.name ?? null, live };
  }

  function pause() {
    if (runner.shown) runner.hold(runner.shown, runner.shown.state !== 'paused');
  }

  function cancel() {
    if (runner.shown) runner.cancel(runner.shown);
  }

  function enable() {
    const { shown } = runner;
    bar.enable({ canRun: checked !== null && (shown === null || shown.live), running: shown !== null, paused: shown?.state === 'paused' });
  }

  /** The discharge that was asked for. */
  async function run() {
    if (!checked) return;
    const { shown } = runner;
    // It is under way by itself; now it stays.
    if (shown?.live && list.runs.includes(shown)) {
      list.change(shown, { live: false });
      return enable();
    }
    if (shown) return;
    bar.warn(null);
    await discharge(list.add(wanted(false)));
  }

  /** @param {Run} current a run of the recipe of the moment */
  async function discharge(current) {
    answered = null;
    bar.say('Setting up', '', 0);
    const done = runner.show(current, imported);
    enable();
    try {
      await done;
      const { discharge_capacity_mah_g, time_steps, stop_reason } = /** @type {import('./messages.js').Summary} */ (current.summary);
      const text = `${discharge_capacity_mah_g.toFixed(1)} mAh/g in ${time_steps} time steps, ended by ${stopReason(stop_reason)}`;
      if (runner.shown) return;
      bar.say('Finished', text, 1);
      answered = current.recipe;
      result = current.summary;
      tellAround('result');
    } catch (error) {
      if (isAbort(error) && !runner.shown) bar.say(current.live ? 'Ready' : 'Cancelled', '', 0);
      fail(error);
    } finally {
      enable();
      slices.refresh();
      if (!report && checked && !runner.shown) builder.want(checked);
    }
  }

  /** A discharge that begins by itself: of the recipe, or of a coarse one if that would take long. */
  const liveSoon = debounce(LIVE_MS, () => {
    if (!settings.live || !checked || imported || runner.shown) return;
    const sketch = sketchOf(module, checked);
    if (!sketch) {
      const known = list.find(checked.recipe);
      // What is in the list already is computed again for its fields, not listed twice.
      if (known) return void discharge({ ...known, live: true, state: 'waiting', curve: {} });
      return void discharge(list.add(wanted(true)));
    }
    if (list.find(sketch)) return;
    void job({ ...wanted(true), recipe: sketch, title: form.title(sketch) });
  });

  /** @param {boolean} live */
  function setLive(live) {
    settings.live = live;
    keepSettings(settings);
    if (live && checked) builder.want(checked);
    else runner.cancelAll((run) => run.live && !run.pinned);
    if (!live && runner.shown?.live) runner.cancel(runner.shown);
  }

  /** A run out of sight. @param {import('./runs.js').Wanted} wish */
  async function job(wish) {
    try {
      await runner.enqueue(list.add(wish));
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof SimulatorError)) throw error;
      bar.warn(error.failure);
    }
  }

  /** @param {number} voxel_um */
  function runFiner(voxel_um) {
    if (!checked) return;
    const answer = module.check_recipe({ ...checked.recipe, voxel_um });
    if (answer.issues) {
      const [{ allowed, hint }] = answer.issues;
      return bar.warn({ code: 'recipe', stage: 'checking the recipe', message: `A voxel of ${voxel_um} µm: allowed is ${allowed}.`, hint });
    }
    void job({ ...wanted(false), recipe: answer.recipe, title: form.title(answer.recipe) });
  }

  /**
   * @param {Run} current
   * @param {import('./simulator.js').Progress} progress
   */
  function follow(current, progress) {
    const stage = progress.stage[0].toUpperCase() + progress.stage.slice(1);
    if (!('curve' in progress)) return bar.say('Building the structure', progress.stage, progress.fraction);
    if (progress.curve.time_s.length) {
      slices.allow('run', true);
      discharged = current;
      builder.has(current.recipe);
      if (progress.from === 0) slices.suggest('stoichiometry');
      else slices.refresh();
    }
    const steps = progress.time_steps === 1 ? '1 time step' : `${progress.time_steps} time steps`;
    const left = current.seconds_left === null ? '' : `, ${duration(current.seconds_left)} left`;
    const text = `${Math.round(100 * progress.fraction)} %${left}, ${steps}, ${progress.capacity_mah_g.toFixed(1)} mAh/g at ${progress.voltage_v.toFixed(3)} V`;
    bar.say(stage, text, progress.fraction);
  }

  // The list of runs ------------------------------------------------------------------------------------------------------------

  const table = new RunTable(module, list, {
    onHold: (current, held) => runner.hold(current, held),
    onRemove: (current) => (isOpen(current) ? runner.cancel(current) : list.remove(current)),
    onTake: (current) => {
      form.apply({ preset: presets.find(({ name }) => name === current.preset) ?? first, recipe: current.recipe });
      change(null);
      byId('bench').scrollIntoView();
    },
  });
  /** @param {import('./views/compare.js').Asked[]} all */
  const runAll = (all) => {
    for (const { preset, recipe } of all) void job({ title: preset.title, preset: preset.name, recipe, file: null, live: false });
  };
  /** What lies below the first screen is fetched once that is painted. */
  const later = (async () => {
    const painted = new Promise((resolve) => slices.addEventListener('shown', resolve, { once: true }));
    await Promise.race([painted, new Promise((resolve) => setTimeout(resolve, LATER_MS))]);
    const [{ VolumeView }, { Compare }] = await Promise.all([import('./views/volume.js'), import('./views/compare.js')]);
    return {
      volume: new VolumeView(module, simulator, slices),
      compare: new Compare(module, presets, list, runAll, (current) => runner.cancel(current)),
    };
  })();
  setUpRunFiles(list, (recipe) => module.check_recipe(recipe));

  /** What the chart shows, to tell a longer curve from another set of curves. */
  let drawn = '';
  const showCurves = oneAFrame(() => {
    const visible = list.runs.filter((one) => !one.hidden && one.curve.capacity_mah_g?.length > 0);
    const key = JSON.stringify(visible.map(({ id, title }) => [id, title]));
    if (key !== drawn) plots.show(visible);
    else plots.redraw();
    drawn = key;
    enable();
  });
  const keepNow = () => {
    const left = keepRuns(list.runs, list.version);
    byId('runs-status').textContent = left ? `The browser has no room for ${left === 1 ? 'the oldest run' : `the ${left} oldest runs`}: save all runs to keep them.` : '';
  };
  const keep = debounce(KEEP_MS, keepNow);
  // Whoever leaves at once loses nothing either.
  if (embedded === null) window.addEventListener('pagehide', keepNow);
  list.addEventListener('change', () => {
    showCurves();
    // A small page inside another one leaves the visitor's own runs alone.
    if (embedded === null) keep();
    else restOutOfSight();
  });

  const kept = embedded === null ? keptRuns((recipe) => module.check_recipe(recipe)) : { runs: [], fault: null };
  list.take(kept.runs);
  if (kept.fault) {
    bar.warn({ code: 'storage', stage: 'reading the runs of the last visit', message: kept.fault, hint: 'They are left out.' });
  }

  setUpKeyboard(
    [
      { keys: 'r', what: 'run the discharge', does: () => void run() },
      { keys: 'p', what: 'pause or resume it', does: pause },
      { keys: 'c', what: 'cancel it', does: cancel },
      { keys: 'Ctrl+z', what: 'undo the last change of the recipe', does: () => history.canUndo && step(-1) },
      { keys: 'Ctrl+Shift+z', what: 'redo it', does: () => history.canRedo && step(1) },
      { keys: 'l', what: 'let discharges begin by themselves, or not', does: () => byId('live').click() },
      { keys: 't', what: 'light or dark', does: () => byId('theme').click() },
      ...presets.slice(0, 9).map((preset, i) => ({ keys: String(i + 1), what: preset.title, does: () => form.choose(preset) })),
    ],
    settings.keys,
    (keys) => keepSettings(Object.assign(settings, { keys })),
  );

  followLink();
  history = new History(form.state);
  undo.disabled = redo.disabled = true;
  window.addEventListener('popstate', () => {
    followLink();
    check();
    history.record(form.state, null);
    undo.disabled = !history.canUndo;
    redo.disabled = !history.canRedo;
  });
  setUpTheme(/** @type {HTMLButtonElement} */ (byId('theme')), () => {
    slices.redraw();
    table.redraw();
    void later.then(({ volume, compare }) => {
      volume.redraw();
      compare.figures.redraw();
    });
    drawn = '';
    showCurves();
  });
  check();
  tellAround('state');
}

start().catch((/** @type {unknown} */ error) => {
  const banner = byId('banner');
  banner.hidden = false;
  banner.replaceChildren(element('p', {}, element('strong', {}, 'The page could not start. '), String(error)));
  byId('progress-text').textContent = 'Not available';
  throw error;
});
