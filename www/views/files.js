// @ts-check
// Structure and report as files for other programs.

import { byId, element } from '../dom.js';

/** @typedef {{key: string, label: string, name: string, media: string}} Format */

/** The browser reads the bytes after the click; a minute is plenty. */
const KEEP_MS = 60_000;

/**
 * A button for each format.
 * @param {Format[]} formats
 * @param {import('../simulator.js').Simulator} simulator
 * @param {(error: unknown) => void} onFail
 */
export function setUpFiles(formats, simulator, onFail) {
  const save = async (/** @type {Format} */ { key, name, media }) => {
    try {
      const url = URL.createObjectURL(new Blob([await simulator.file(key)], { type: media }));
      element('a', { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
    } catch (error) {
      onFail(error);
    }
  };
  byId('files').append(
    ...formats.map((format) =>
      element('button', { class: 'quiet', type: 'button', 'aria-label': `Save ${format.name}`, title: format.name, onclick: () => void save(format) }, format.label),
    ),
  );
}
