// @ts-check
// Small helpers for building the page.

/**
 * An element with attributes, listeners (`onclick`, ...) and children. Attributes that are null or false are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== false));
  return node;
}

/**
 * The element with this id, which index.html has.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no element '${id}'.`);
  return /** @type {T} */ (node);
}

/**
 * A number with so many significant digits, a true minus and no exponent for everyday sizes.
 * @param {number} value
 * @param {number} [digits]
 */
export function format(value, digits = 4) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(Math.max(0, digits - 2)).split('e');
    return `${mantissa} × 10${[...String(Number(exponent))].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻').join('')}`.replace('-', '−');
  }
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}

/** Units as they are written by hand. @param {string} unit */
export const prettyUnit = (unit) =>
  unit === '1'
    ? ''
    : unit
        .replace('parts by weight', 'parts')
        .replace('Ohm', 'Ω')
        .replace('um', 'µm')
        .replace(/(cm|m)2/g, '$1²')
        .replace(/ (?=cm)/, ' ');

/**
 * Calls `action` once things have been quiet for a while.
 * @param {number} quiet_ms
 * @param {() => void} action
 */
export function debounce(quiet_ms, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(action, quiet_ms);
  };
}

/** As much of a text as fits into a message. @param {string} text */
export const shorten = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
