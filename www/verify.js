// @ts-check
// The page of checks: every case in turn, by the same worker that runs discharges.

import init, * as module from './pkg/catholyte.js';
import { compile } from './compile.js';
import { byId, element, format } from './dom.js';
import { Simulator } from './simulator.js';
import { setUpTheme } from './theme.js';
import { showValidation } from './validation.js';

/** @typedef {{id: string, title: string, source: string, expected: number, tolerance: number}} Case */

/** Digits that show a difference of the tolerance. @param {Case} one */
const digits = ({ expected, tolerance }) =>
  tolerance > 0 ? Math.min(12, Math.max(4, Math.ceil(Math.log10(Math.abs(expected) / tolerance)) + 2)) : 6;

const show = (/** @type {number} */ value, /** @type {number} */ places) => (value === Infinity ? '∞' : format(value, places));

async function start() {
  setUpTheme(/** @type {HTMLButtonElement} */ (byId('theme')), () => {});
  const compiled = await compile();
  await init({ module_or_path: compiled });
  /** @type {import('./views/form.js').Preset[]} */
  const presets = module.presets();
  void showValidation(new Map(presets.map(({ name, title }) => [name, title])));
  const simulator = new Simulator(compiled, (crash) => crash && warn(crash.message));
  /** @type {Case[]} */
  const cases = module.verify_cases();
  const rows = cases.map((one) => {
    const cells = [0, 1, 2].map(() => element('td', {}, '…'));
    const [computed, verdict, seconds] = cells;
    verdict.className = 'words';
    const row = element(
      'tr',
      {},
      element('th', { scope: 'row', class: 'case' }, one.title),
      verdict,
      computed,
      element('td', {}, show(one.expected, digits(one))),
      element('td', {}, one.tolerance ? format(one.tolerance, 2) : 'none'),
      seconds,
      element('td', { class: 'words source' }, one.source),
    );
    return { one, row, cells, computed, verdict, seconds };
  });
  byId('cases').querySelector('tbody')?.append(...rows.map(({ row }) => row));
  const button = /** @type {HTMLButtonElement} */ (byId('run'));
  const bar = /** @type {HTMLProgressElement} */ (byId('progress'));
  const say = (/** @type {string} */ text) => (byId('progress-text').textContent = text);

  async function run() {
    button.disabled = true;
    warn(null);
    for (const { cells } of rows) for (const cell of cells) cell.textContent = '…';
    let passed = 0;
    try {
      for (const [i, { one, ...cells }] of rows.entries()) {
        bar.value = i / rows.length;
        say(`${i} of ${rows.length}: ${one.title}`);
        const { computed, passes, seconds } = await simulator.verify(one.id);
        passed += Number(passes);
        cells.computed.replaceChildren(element('data', { value: computed }, show(computed, digits(one))));
        cells.seconds.textContent = seconds.toFixed(2);
        cells.verdict.textContent = passes ? 'agrees' : 'differs';
        cells.verdict.classList.toggle('wrong', !passes);
      }
      bar.value = 1;
      say(passed === rows.length ? `All ${passed} cases agree.` : `${rows.length - passed} of ${rows.length} cases differ.`);
    } catch (error) {
      say('Stopped');
      warn(error instanceof Error ? error.message : String(error));
    } finally {
      button.disabled = false;
    }
  }
  button.addEventListener('click', () => void run());
  button.disabled = false;
  say(`${rows.length} cases, a few seconds.`);
}

/** @param {string | null} message */
function warn(message) {
  byId('banner').hidden = message === null;
  byId('banner').textContent = message;
}

start().catch((/** @type {unknown} */ error) => {
  warn(`The page could not start. ${error}`);
  throw error;
});
