// @ts-check
// Wires form, simulator, runs and views together.

import init, * as module from './pkg/catholyte.js';
import { Address } from './address.js';
import { Bench } from './bench.js';
import { compile } from './compile.js';
import { Discharges } from './discharges.js';
import { byId, debounce, element } from './dom.js';
import { embedded, setUpEmbedding } from './embed.js';
import { setUpKeyboard } from './keyboard.js';
import { Links } from './link.js';
import { Runner } from './runner.js';
import { RunList, isOpen } from './runs.js';
import { Simulator, SimulatorError, isAbort } from './simulator.js';
import { Specimen } from './specimen.js';
import { keepRuns, keepSettings, keptRuns, keptSettings } from './storage.js';
import { setUpTheme } from './theme.js';
import { oneAFrame } from './views/canvas.js';
import { AXES, Cursor } from './views/cursor.js';
import { setUpRunFiles } from './views/files.js';
import { Form } from './views/form.js';
import { KINDS, Plots } from './views/plots.js';
import { RunBar } from './views/run-bar.js';
import { Slices } from './views/slices.js';

/** @typedef {import('./runs.js').Run} Run */

const FIRST_PRESET = 'lyc-10';
/** Runs are kept in the browser's storage this long after the last change [ms]. */
const KEEP_MS = 400;
/** The rest of the page is fetched after this, even if there is no structure to paint [ms]. */
const LATER_MS = 2000;

async function start() {
  const compiled = await compile();
  const simulator = new Simulator(compiled, (crash) => {
    specimen.lose();
    if (crash) bar.warn(crash);
  });
  // Its worker gets ready while this thread does.
  simulator.warm();
  await init({ module_or_path: compiled });

  /** @type {import('./views/form.js').Preset[]} */
  const presets = module.presets();
  const first = presets.find((p) => p.name === FIRST_PRESET) ?? presets[0];
  const settings = keptSettings();
  const form = new Form(module.fields(), presets, first, module.new_seed, module.unused_fields, change);
  const bench = new Bench(module, form);
  const list = new RunList(module.about().version, module.curve_colours(false).length);
  const runner = new Runner(simulator, list, (run, progress) => discharges.follow(run, progress));
  const slices = new Slices(module, simulator, new Cursor());
  const plots = new Plots(module);
  const bar = new RunBar(
    {
      onRate: (rate) => form.set('c_rate', rate),
      onRun: () => void discharges.run(),
      onRunFiner: (voxel_um) => discharges.runFiner(voxel_um),
      onPause: () => discharges.pause(),
      onCancel: () => discharges.cancel(),
      onLive: (live) => discharges.setLive(live),
    },
    settings.live,
  );

  /** What can be done with a run of the list. @type {import('./views/run-list.js').Actions} */
  const actions = {
    onHold: (current, held) => runner.hold(current, held),
    onRemove: (current) => (isOpen(current) ? runner.cancel(current) : list.remove(current)),
    onTake: (current) => {
      form.apply({ preset: presets.find(({ name }) => name === current.preset) ?? first, recipe: current.recipe });
      change(null);
      byId('bench').scrollIntoView();
    },
  };
  /** What lies below the first screen is fetched once that is painted. */
  const painted = Promise.race([
    new Promise((resolve) => slices.addEventListener('shown', resolve, { once: true })),
    new Promise((resolve) => setTimeout(resolve, LATER_MS)),
  ]);
  const table = painted.then(async () => new (await import('./views/run-list.js')).RunTable(module, list, actions));
  const later = painted.then(async () => {
    const [{ VolumeView }, { Compare }] = await Promise.all([import('./views/volume.js'), import('./views/compare.js')]);
    return {
      volume: new VolumeView(module, simulator, slices),
      compare: new Compare(module, presets, list, runAll, (current) => runner.cancel(current)),
    };
  });
  const missing = { code: 'missing', stage: 'loading the page', message: 'A part of it could not be fetched.', hint: 'Load it again.' };
  for (const part of [table, later]) part.catch(() => bar.warn(missing));
  /** @param {import('./views/compare.js').Asked[]} all */
  function runAll(all) {
    for (const { preset, recipe } of all) void discharges.enqueue({ title: preset.title, preset: preset.name, recipe, file: null, live: false });
  }

  const specimen = new Specimen(
    bench,
    { module, simulator, runner, bar, slices, volume: later.then(({ volume }) => volume) },
    { check, onReady: () => settings.live && discharges.liveSoon(), onFail: fail },
  );
  const discharges = new Discharges(
    bench,
    { module, list, runner, specimen, bar, slices, settings },
    { onResult: () => tellAround('result'), onFail: fail },
  );
  slices.addEventListener('shown', () => plots.point(discharges.discharged, slices.instant));
  const links = new Links(form.fields, presets, first, (recipe) => module.check_recipe(recipe).issues ?? [], {
    cut: AXES,
    show: slices.views.map(({ key }) => key),
    chart: KINDS.map(([key]) => key),
    over: plots.overs,
  });
  const address = new Address(links, bench, slices, plots, { check, onWrite: () => tellAround('state'), onBadLink: (failure) => bar.warn(failure) });

  // The recipe -----------------------------------------------------------------------------------------------------------------

  /** @param {string | null} knob */
  function change(knob) {
    check();
    if (bench.checked) address.record(knob);
  }

  /** Looks at the recipe of the form, and follows it. */
  function check() {
    const answer = module.check_recipe(form.recipe);
    form.showIssues(answer.issues ?? []);
    const checked = answer.issues ? null : /** @type {import('./views/tables.js').Checked} */ (answer);
    bench.checked = checked;
    bar.showTest(form.recipe);
    bar.showFiner(checked && !bench.imported ? checked.recipe.voxel_um : null);
    discharges.makeWay();
    discharges.enable();
    if (!checked) {
      specimen.drop();
      const faults = answer.issues.length === 1 ? '1 fault is marked' : `${answer.issues.length} faults are marked`;
      if (!runner.shown) bar.say('The recipe cannot be built', faults, 0);
      return;
    }
    // A fault that was put right has talked over the result.
    if (bench.isAnswered) discharges.sayResult();
    else bench.answered = null;
    specimen.want(checked);
  }

  /** @param {unknown} error */
  function fail(error) {
    if (isAbort(error)) return;
    if (!(error instanceof SimulatorError)) throw error;
    if (error.failure.issues) form.showIssues(error.failure.issues);
    bar.say('Failed', error.message, 0);
    bar.warn(error.failure);
  }

  // The page inside another one ------------------------------------------------------------------------------------------------

  const tellAround = setUpEmbedding({
    state: () => ({ link: address.link, preset: form.base.name, recipe: form.recipe, result: bench.isAnswered ? bench.result : null }),
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

  byId('first-cycle').addEventListener('click', () => {
    const templates = form.fields.flatMap((field) => field.templates);
    const protocol = templates.find(({ name }) => name === 'First cycle')?.text ?? '';
    form.apply({ preset: form.base, recipe: { ...form.recipe, protocol } });
    change(null);
  });

  // The list of runs ------------------------------------------------------------------------------------------------------------

  setUpRunFiles(list, (recipe) => module.check_recipe(recipe));

  /** What the chart shows, to tell a longer curve from another set of curves. */
  let drawn = '';
  const showCurves = oneAFrame(() => {
    const visible = list.runs.filter((one) => !one.hidden && one.curve.capacity_mah_g?.length > 0);
    const key = JSON.stringify(visible.map(({ id, title }) => [id, title]));
    if (key !== drawn) plots.show(visible);
    else plots.redraw();
    drawn = key;
    discharges.enable();
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

  // Begins ----------------------------------------------------------------------------------------------------------------------

  setUpKeyboard(
    [
      { keys: 'r', what: 'run the discharge', does: () => void discharges.run() },
      { keys: 'p', what: 'pause or resume it', does: () => discharges.pause() },
      { keys: 'c', what: 'cancel it', does: () => discharges.cancel() },
      { keys: 'Ctrl+z', what: 'undo the last change of the recipe', does: () => address.step(-1) },
      { keys: 'Ctrl+Shift+z', what: 'redo it', does: () => address.step(1) },
      { keys: 'l', what: 'let discharges begin by themselves, or not', does: () => byId('live').click() },
      { keys: 't', what: 'light or dark', does: () => byId('theme').click() },
      ...presets.slice(0, 9).map((preset, i) => ({ keys: String(i + 1), what: preset.title, does: () => form.choose(preset) })),
    ],
    settings.keys,
    (keys) => keepSettings(Object.assign(settings, { keys })),
  );
  setUpTheme(/** @type {HTMLButtonElement} */ (byId('theme')), () => {
    slices.redraw();
    void table.then((shown) => shown.redraw());
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
