// @ts-check
// The page inside another page: `?embed=1` leaves cross-section and curve. The page around it may talk to it:
//
//   frame.contentWindow.postMessage({catholyte: 1, kind: 'get-state'}, origin)
//   frame.contentWindow.postMessage({catholyte: 1, kind: 'set-recipe', preset: 'lyc-14', recipe: {c_rate: 2}}, origin)
//
// and hears, once it has spoken,
//
//   {catholyte: 1, kind: 'state', link, preset, recipe, result}     in answer to both, and after every change
//   {catholyte: 1, kind: 'result', preset, recipe, result}          when a discharge has ended
//   {catholyte: 1, kind: 'refused', message}                        when a message cannot be followed
//
// Only the page directly around this one is heard, and only in an embedded page; `?embed=https://example.org` hears that origin
// alone. Nothing but the state on the bench is told: not the list of runs, not what is stored.

import { byId } from './dom.js';

/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {{link: string, preset: string, recipe: Recipe, result: import('./messages.js').Summary | null}} State */

const PROTOCOL = 1;

/** Is this page asked to be a small one? */
export const embedded = new URLSearchParams(location.search).get('embed');

/**
 * @typedef {object} Hooks
 * @property {() => State} state
 * @property {(preset: unknown, recipe: unknown) => string | null} set says what is wrong, if anything is
 * @property {(seen: boolean) => void} onSeen told when the page comes into view and leaves it
 */

/**
 * @param {Hooks} hooks
 * @returns {(kind: 'state' | 'result') => void} tells the page around
 */
export function setUpEmbedding(hooks) {
  if (embedded === null) return () => {};
  document.documentElement.classList.add('embed');
  const full = /** @type {HTMLAnchorElement} */ (byId('full-page'));
  full.hidden = false;
  const link = () => (full.href = location.pathname + hooks.state().link);
  link();
  watch(hooks.onSeen);

  const allowed = /^https?:\/\//.test(embedded) ? originOf(embedded) : null;
  /** The origin of the page around, once it has spoken. @type {string | null} */
  let peer = null;
  const say = (/** @type {object} */ message) => {
    if (peer !== null) window.parent.postMessage({ catholyte: PROTOCOL, ...message }, peer === 'null' ? '*' : peer);
  };
  const tell = (/** @type {'state' | 'result'} */ kind) => {
    link();
    const { link: address, ...rest } = hooks.state();
    say(kind === 'state' ? { kind, link: address, ...rest } : { kind, ...rest });
  };

  window.addEventListener('message', ({ source, origin, data }) => {
    if (window.parent === window || source !== window.parent || data?.catholyte !== PROTOCOL) return;
    if (allowed !== null && origin !== allowed) return;
    peer = origin;
    if (data.kind === 'get-state') return tell('state');
    if (data.kind !== 'set-recipe') return say({ kind: 'refused', message: `There is no message of kind ${String(data.kind).slice(0, 40)}.` });
    const fault = hooks.set(data.preset, data.recipe);
    if (fault) say({ kind: 'refused', message: fault });
    else tell('state');
  });
  return tell;
}

/** @param {string} address */
function originOf(address) {
  try {
    return new URL(address).origin;
  } catch {
    return 'none';
  }
}

/** Is any of the page in view, in a tab that is in front? @param {(seen: boolean) => void} onSeen */
function watch(onSeen) {
  let inView = true;
  const tell = () => onSeen(inView && document.visibilityState === 'visible');
  new IntersectionObserver(([entry]) => {
    inView = entry.isIntersecting;
    tell();
  }).observe(byId('bench'));
  document.addEventListener('visibilitychange', tell);
}
