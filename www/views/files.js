// @ts-check
// Files: structure and report for other programs, runs for another visit.

import { byId, element } from '../dom.js';
import { BadFile, readRuns, writeRuns } from '../exchange.js';

/** @typedef {{key: string, label: string, name: string, media: string}} Format */

/** The browser reads the bytes after the click; a minute is plenty. */
const KEEP_MS = 60_000;
const MOST_BYTES = 50e6;

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}

/**
 * A button for each format.
 * @param {Format[]} formats
 * @param {import('../simulator.js').Simulator} simulator
 * @param {(error: unknown) => void} onFail
 * @returns {(there: boolean) => void} told whether there is a structure to save
 */
export function setUpFiles(formats, simulator, onFail) {
  const write = async (/** @type {Format} */ { key, name, media }) => {
    try {
      save(new Blob([await simulator.file(key)], { type: media }), name);
    } catch (error) {
      onFail(error);
    }
  };
  const buttons = formats.map((format) =>
    element('button', { class: 'quiet', type: 'button', 'aria-label': `Save ${format.name}`, title: format.name, onclick: () => void write(format) }, format.label),
  );
  byId('files').append(...buttons);
  return (there) => buttons.forEach((button) => (button.disabled = !there));
}

/**
 * All runs as one file, and back.
 * @param {import('../runs.js').RunList} list
 * @param {Parameters<typeof readRuns>[1]} check
 */
export function setUpRunFiles(list, check) {
  const input = /** @type {HTMLInputElement} */ (byId('runs-file'));
  const say = (/** @type {string} */ text, bad = false) => {
    byId('runs-status').textContent = text;
    byId('runs-status').classList.toggle('wrong', bad);
  };
  byId('save-runs').addEventListener('click', () => {
    save(new Blob([writeRuns(list.runs, list.version)], { type: 'application/json' }), 'catholyte-runs.json');
    say('Saved as catholyte-runs.json.');
  });
  byId('open-runs').addEventListener('click', () => input.click());
  input.addEventListener('change', async () => {
    const [file] = input.files ?? [];
    // The same file may be chosen again.
    input.value = '';
    if (!file) return;
    try {
      if (file.size > MOST_BYTES) throw new BadFile(`It has ${Math.round(file.size / 1e6)} MB; files of runs have at most ${MOST_BYTES / 1e6} MB.`);
      const runs = readRuns(await file.text(), check);
      const fresh = list.take(runs);
      const known = runs.length - fresh;
      say(`${fresh === 1 ? '1 run' : `${fresh} runs`} from ${file.name}${known ? `; ${known} were here already` : ''}.`);
    } catch (error) {
      if (!(error instanceof BadFile) && !(error instanceof DOMException)) throw error;
      say(`${file.name} was not opened. ${error.message}`, true);
    }
  });
}
