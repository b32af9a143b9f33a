// @ts-check
// Keys for everything that is done often, and the dialog that tells them.

import { byId, element } from './dom.js';
import { icon } from './icons.js';

/**
 * `keys` as they are written; single letters can be switched off, for those who speak to their computer.
 * @typedef {{keys: string, what: string, does: () => void}} Shortcut
 */

/** In these a letter is text. @param {EventTarget | null} target */
const takesText = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select'));

/** The keys of an event as they are written in the table. @param {KeyboardEvent} event */
function written(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey) return '';
  return `${control ? 'Ctrl+' : ''}${control && event.shiftKey ? 'Shift+' : ''}${key}`;
}

/**
 * @param {Shortcut[]} shortcuts
 * @param {boolean} single are single letters on?
 * @param {(single: boolean) => void} onSingle
 */
export function setUpKeyboard(shortcuts, single, onSingle) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('help'));
  const help = byId('open-help');
  const toggle = /** @type {HTMLInputElement} */ (byId('single-keys'));
  const open = () => dialog.open || dialog.showModal();
  const all = [...shortcuts, { keys: '?', what: 'this list', does: open }];
  help.append(icon('keyboard'));
  help.addEventListener('click', open);
  byId('help-close').addEventListener('click', () => dialog.close());
  toggle.checked = single;
  toggle.addEventListener('change', () => onSingle((single = toggle.checked)));
  const keys = (/** @type {string} */ text) => text.split('+').flatMap((key, i) => [i ? ' + ' : '', element('kbd', {}, key)]);
  byId('help-keys').append(
    ...all.map(({ keys: text, what }) => element('div', {}, element('dt', {}, ...keys(text)), element('dd', {}, what))),
  );
  document.addEventListener('keydown', (event) => {
    // An undo inside a text field is the field's own.
    if (event.defaultPrevented || event.repeat || takesText(event.target)) return;
    const pressed = written(event);
    const found = all.find(({ keys: text }) => text.toLowerCase() === pressed.toLowerCase());
    if (!found || (!single && found.keys.length === 1) || (dialog.open && found.keys !== '?')) return;
    event.preventDefault();
    found.does();
  });
}
