// @ts-check
// What the browser keeps between two visits: runs and settings. Storage may be full or switched off; the page works without.

import { BadFile, readRuns, writeRuns } from './exchange.js';
import { isOpen } from './runs.js';

const RUNS = 'catholyte-runs';
const SETTINGS = 'catholyte-settings';
/** Browsers give a site about five million characters; the visitor's other pages of this site get most of them. */
const MOST_CHARACTERS = 1_500_000;

/** @param {string} key */
function get(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text @returns {boolean} was there room? */
function put(key, text) {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps the finished runs, without the oldest that are not pinned where there is no room for all.
 * @param {import('./runs.js').Run[]} runs
 * @param {string} version
 * @returns {number} how many were left out
 */
export function keepRuns(runs, version) {
  let kept = runs.filter((run) => !isOpen(run) && run.summary);
  const all = kept.length;
  if (all === 0) {
    try {
      localStorage.removeItem(RUNS);
    } catch {
      // Nothing is kept there anyway.
    }
    return 0;
  }
  for (;;) {
    const text = writeRuns(kept, version);
    if (text.length <= MOST_CHARACTERS && put(RUNS, text)) return all - kept.length;
    if (kept.length === 0) return all;
    const oldest = kept.find((run) => !run.pinned) ?? kept[0];
    kept = kept.filter((run) => run !== oldest);
  }
}

/**
 * The runs of the last visit.
 * @param {Parameters<typeof readRuns>[1]} check
 * @returns {{runs: import('./exchange.js').Loose[], fault: string | null}}
 */
export function keptRuns(check) {
  const text = get(RUNS);
  if (text === null) return { runs: [], fault: null };
  try {
    return { runs: readRuns(text, check), fault: null };
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    return { runs: [], fault: error.message };
  }
}

/**
 * Choices that are about the page and not about an electrode.
 * @typedef {{live: boolean, keys: boolean}} Settings
 */

/** @returns {Settings} */
export function keptSettings() {
  let kept;
  try {
    kept = JSON.parse(get(SETTINGS) ?? '{}');
  } catch {
    kept = {};
  }
  return { live: kept?.live !== false, keys: kept?.keys !== false };
}

/** @param {Settings} settings */
export const keepSettings = (settings) => put(SETTINGS, JSON.stringify(settings));
